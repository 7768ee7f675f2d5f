"""A run as a JUnit report: one suite with the command, and one failed case for each kind of blocked request."""

from collections.abc import Iterator

from airut.ci.escaping import line, xml
from airut.ci.result import BlockedRequest, RunResult

SUITE = "airut-sandbox"


def junit(result: RunResult) -> str:
    """An XML document. It takes the format that Jenkins, GitLab and GitHub's actions read in common."""
    cases = [_command(result), *map(_blocked, result.blocked)]
    failures = len(result.blocked) + (result.exit_code != 0)
    attributes = (
        f'name="{SUITE}" tests="{len(cases)}" failures="{failures}" errors="0" skipped="0" time="{result.seconds:.3f}"'
    )
    stamp = f"{result.started:%Y-%m-%dT%H:%M:%S}"
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites {attributes}>",
            f'<testsuite {attributes} timestamp="{stamp}">',
            *cases,
            "</testsuite>",
            "</testsuites>",
            "",
        ]
    )


def _command(result: RunResult) -> str:
    name, time = xml(line(" ".join(result.command))), f"{result.seconds:.3f}"
    case = f'<testcase classname="{SUITE}.command" name="{name}" time="{time}"'
    if result.exit_code == 0:
        return f"{case}/>"
    return f'{case}><failure message="{xml(line(ended(result)))}"/></testcase>'


def _blocked(request: BlockedRequest) -> str:
    name = xml(line(f"{request.method} {request.url}"))
    said = xml(line(f"blocked: {request.reason}, {times(request.count)}"))
    text = xml("\n".join(_remedy(request)))
    return (
        f'<testcase classname="{SUITE}.network" name="{name}" time="0.000">'
        f'<failure message="{said}" type="{xml(line(request.reason))}">{text}</failure></testcase>'
    )


def _remedy(request: BlockedRequest) -> Iterator[str]:
    if request.rule:
        yield "To allow it, add to .airut/network-allowlist.yaml on the base branch:"
        yield line(request.rule, 2000)


def ended(result: RunResult) -> str:
    """How a command ended, in words."""
    if result.problem:
        return result.problem
    if result.signal is not None:
        return f"ended by signal {result.signal}"
    return f"exit code {result.exit_code}"


def times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
