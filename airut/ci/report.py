"""What is said of a run on standard error, after the command's own words."""

import sys
from collections.abc import Iterator

from airut.ci.result import BlockedRequest, RunResult
from airut.models.values.visible import clean

MOST = 20  # blocked requests that are told; a result holds more
LEGEND = "to allow it, add to url_prefixes of .airut/network-allowlist.yaml"


def report(result: RunResult, *, verbose: bool, as_json: bool) -> None:
    if as_json:
        print(result.model_dump_json(), file=sys.stderr)
        return
    for line in lines(result, verbose=verbose):
        print(f"airut-sandbox: {clean(line)}", file=sys.stderr)


def lines(result: RunResult, *, verbose: bool) -> Iterator[str]:
    """Nothing of a run that went as it should, unless it is asked for."""
    if verbose:
        parts = ", ".join(f"{name} {ms} ms" for name, ms in result.parts_ms.items())
        yield f"start: {parts}"
        yield f"sandbox {result.sandbox_id}: exit code {result.exit_code} after {result.seconds:.1f} s"
    if result.policy_changes:
        changed = ", ".join(result.policy_changes)
        yield f"the policy is changed here, and was not used as changed: {changed}"
    yield from (_blocked(one) for one in result.blocked[:MOST])
    if (more := len(result.blocked) - MOST) > 0:
        yield f"blocked: and {more} more"
    if result.problem:
        yield result.problem


def _blocked(one: BlockedRequest) -> str:
    times = f" ({one.count} times)" if one.count > 1 else ""
    allow = f"; {LEGEND}: {one.rule}" if one.rule else ""
    return f"blocked: {one.method} {one.url}: {one.reason}{times}{allow}"
