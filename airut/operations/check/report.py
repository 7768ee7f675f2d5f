"""What `airut check` prints: a line for each finding, or one JSON document."""

import json
from collections.abc import Sequence

from airut.operations.check.finding import Finding, State


def as_lines(findings: Sequence[Finding]) -> list[str]:
    """`ok    git      2.39.5`, what to do below, and a sum at the end."""
    width = max((len(finding.check) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state:<5} {finding.check:<{width}}  {finding.says}")
        if finding.remedy:
            lines.append(f"{'':5} {'':{width}}  → {finding.remedy}")
    counts = [f"{sum(each.state is state for each in findings)} {state}" for state in State]
    fixable = sum(bool(each.fix) for each in findings)
    return [*lines, ", ".join(counts) + (f"; `airut check --fix` mends {fixable} of them" if fixable else "")]


def as_json(findings: Sequence[Finding]) -> str:
    document = {
        "version": 1,
        "state": worst(findings),
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    return json.dumps(document, indent=2)


def worst(findings: Sequence[Finding]) -> State:
    """What counts for the whole."""
    found = {finding.state for finding in findings}
    return next((state for state in (State.FAIL, State.WARN) if state in found), State.OK)
