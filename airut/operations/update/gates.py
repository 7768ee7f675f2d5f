"""What has to hold before a new version takes over. Pure."""

from pydantic import ValidationError

from airut.models.base import Model
from airut.operations.check.finding import Finding, State


class _Checked(Model):
    version: int
    state: State
    findings: tuple[Finding, ...]


class _Difference(Model):
    event: int
    kind: str
    said: str


class _Run(Model):
    workflow: str
    run: str
    events: int
    difference: _Difference | None = None


class _Replayed(Model):
    version: int
    deterministic: bool
    runs: tuple[_Run, ...]


def unchecked(code: int, printed: str) -> tuple[str, ...]:
    """Why not, by what `airut check --json` of the new version has printed; empty where nothing fails."""
    try:
        checked = _Checked.model_validate_json(printed)
    except ValidationError:
        return (f"`airut check` of the new version does not run (exit code {code})",)
    return tuple(
        f"{finding.check}: {finding.says}" + (f" → {finding.remedy}" if finding.remedy else "")
        for finding in checked.findings
        if finding.state is State.FAIL
    )


def not_replayed(code: int, printed: str, said: str) -> tuple[str, ...]:
    """Why not, by what `airut replay --json` of the new version has printed and said; empty where it did the same."""
    try:
        replayed = _Replayed.model_validate_json(printed)
    except ValidationError:
        return (f"histories could not be replayed (exit code {code}): {' '.join(said.split())[-300:]}",)
    return tuple(
        f"{run.workflow} (run {run.run}) differs at event {run.difference.event} ({run.difference.kind}): "
        f"{run.difference.said}"
        for run in replayed.runs
        if run.difference is not None
    )
