"""A run as a page of Markdown for a job's summary, and as notes at the files that they are about."""

from collections.abc import Iterator, Sequence

from airut.ci.escaping import code, message, property_
from airut.ci.junit import ended, times
from airut.ci.result import BlockedRequest, LimitMet, RunResult

ALLOWLIST = ".airut/network-allowlist.yaml"
MOST = 50  # rows of a table; more are read in the network log
MOST_NOTES = 10  # GitHub shows as many of a kind for each step
RULE = 2000  # characters of an entry that is copied from here

LIMITS = {
    LimitMet.TIME: "time (<code>limits.time</code>)",
    LimitMet.MEMORY: "memory (<code>limits.memory</code>)",
    LimitMet.IDLE: "time without output or work (<code>limits.idle</code>)",
}


def summary(result: RunResult) -> str:
    """Markdown, in which nothing of the command's or the repository's is markup."""
    return "\n".join(part for part in (_head(result), _policy(result), _blocked(result)) if part)


def annotations(result: RunResult) -> str:
    """Workflow commands of GitHub's runner, one a line; to be printed where the command itself cannot."""
    lines = [*_notes_on_policy(result), *_notes_on_requests(result)]
    if result.problem:
        lines.append(f"::error title=airut-sandbox::{message(result.problem)}")
    return "".join(f"{line}\n" for line in lines)


def _head(result: RunResult) -> str:
    passed = result.exit_code == 0
    rows = [
        ("Command", code(" ".join(result.command))),
        ("Result", "passed" if passed else code(ended(result))),
        ("Exit code", str(result.exit_code)),
        ("Time", _time(result.seconds)),
    ]
    if result.limit is not None:
        rows.append(("Limit met", LIMITS[result.limit]))
    rows.append(("Blocked requests", str(sum(request.count for request in result.blocked))))
    return "\n".join([f"### airut-sandbox: {'passed' if passed else 'failed'}", "", *_table(rows)])


def _policy(result: RunResult) -> str:
    if not result.policy_changes:
        return ""
    return "\n".join(
        [
            "> [!NOTE]",
            "> `.airut/` is changed here. This run was under the base branch's; the change holds once it is merged.",
            "",
            "<ul>",
            *(f"<li>{code(file)}</li>" for file in result.policy_changes[:MOST]),
            "</ul>",
            "",
            *_more(len(result.policy_changes)),
        ]
    )


def _blocked(result: RunResult) -> str:
    if not result.blocked:
        return ""
    rows = [
        (code(f"{request.method} {request.url}"), code(request.reason), str(request.count))
        for request in result.blocked[:MOST]
    ]
    head = ("<b>request</b>", "<b>reason</b>", "<b>times</b>")
    return "\n".join(
        [
            "#### Blocked requests",
            "",
            *_table([head, *rows]),
            *_more(len(result.blocked)),
            *_rules(result.blocked[:MOST]),
        ]
    )


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """In HTML: a cell of Markdown's would still be Markdown."""
    yield "<table>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>"
    yield "</table>"
    yield ""


def _rules(blocked: Sequence[BlockedRequest]) -> Iterator[str]:
    rules = dict.fromkeys(request.rule for request in blocked if request.rule)
    if rules:
        yield f"To allow one, look at it, and add its entry to `url_prefixes` of `{ALLOWLIST}` on the base branch:"
        yield ""
        yield "<pre>" + "\n".join(f"- {code(rule, RULE)}" for rule in rules) + "</pre>"
        yield ""


def _more(count: int) -> Iterator[str]:
    if count > MOST:
        yield f"and {count - MOST} more, in the network log"
        yield ""


def _time(seconds: float) -> str:
    whole = round(seconds)
    return f"{seconds:.1f} s" if seconds < 60 else f"{whole // 60} min {whole % 60} s"


def _notes_on_policy(result: RunResult) -> Iterator[str]:
    for file in result.policy_changes[:MOST_NOTES]:
        said = "This file is not in force here: the base branch's is. It holds once it is merged."
        yield f"::notice file={property_(file)},line=1,title=airut-sandbox::{message(said)}"


def _notes_on_requests(result: RunResult) -> Iterator[str]:
    for request in result.blocked[:MOST_NOTES]:
        said = f"blocked {times(request.count)}: {request.method} {request.url} ({request.reason})"
        yield f"::warning file={ALLOWLIST},line=1,title=airut-sandbox::{message(said)}"
