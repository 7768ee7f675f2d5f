"""What a thread is told of its pull request, in words for people and for the agent (spec: operations §9). Pure."""

import hashlib
from datetime import datetime
from itertools import groupby

from airut.models.base import Model
from airut.models.pull_requests.follow_up import FIXES_MOST, OnFailure, Sighting
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, FailedCheck, Remark, Verdict

TEXT_MOST = 4_000
"""Characters of one remark; whoever writes more has a link."""
TOLD_MOST = 5
"""What was told of a pull request that its thread still knows."""
NAMED_MOST = 20
"""Failed checks that are named."""

_VERDICTS = {
    Verdict.COMMENTED: "has commented on",
    Verdict.APPROVED: "has approved",
    Verdict.CHANGES_REQUESTED: "has requested changes of",
}


class PullRequestNews(Model):
    """Something that has happened to a pull request. `author` gives the agent a task with it; without one people are
    told, and that is all. The same `key` counts once. `merged` is the pull request's number once it was merged."""

    key: str
    text: str
    author: str = ""
    merged: int | None = None


class ToldNews(Model):
    """What people were told of a pull request, kept to be read in the thread: a console has no other place for it."""

    at: datetime
    text: str


def with_told(known: tuple[ToldNews, ...], text: str, now: datetime) -> tuple[ToldNews, ...]:
    """The newest ones, the end of each cut."""
    return (*known, ToldNews(at=now, text=_cut(text)))[-TOLD_MOST:]


def news_of(number: int, sighting: Sighting, on_failure: OnFailure, fixes: int) -> tuple[PullRequestNews, ...]:
    """All that one sighting says. `fixes` failures in a row were given to the agent before."""
    pull = f"[pull request #{number}]({sighting.url})"
    found: list[PullRequestNews] = []
    if sighting.checks:
        found += _of_checks(number, pull, sighting.head, sighting.checks, on_failure, fixes)
    for author, group in groupby(sorted(sighting.remarks, key=lambda each: each.author), lambda each: each.author):
        remarks = tuple(sorted(group, key=lambda each: each.at))
        found.append(_of_remarks(number, pull, author, remarks))
    if sighting.state is PullRequestState.MERGED:
        text = f"The {pull} was merged. What comes next here begins at the newest state of its base branch."
        found.append(_note(number, "merged", sighting.head, text=text).model_copy(update={"merged": number}))
    if sighting.state is PullRequestState.CLOSED:
        text = f"The {pull} was closed without being merged. Reply to go on with it: it is opened again then."
        found.append(_note(number, "closed", sighting.head, text=text))
    return tuple(found)


def fixes_after(sighting: Sighting, on_failure: OnFailure, fixes: int) -> int:
    """How many failures in a row the agent has been given by now. A success ends the row, and so does a person who
    gives it a task."""
    if any(_gives_work(remark) for remark in sighting.remarks):
        fixes = 0
    if sighting.checks is None:
        return fixes
    if sighting.checks.state is CheckState.PASSED:
        return 0
    return fixes + 1 if on_failure is OnFailure.FIX and fixes < FIXES_MOST else fixes


def _of_checks(
    number: int, pull: str, head: str, checks: Checks, on_failure: OnFailure, fixes: int
) -> tuple[PullRequestNews, ...]:
    if checks.state is CheckState.PASSED:
        every = "The check" if checks.total == 1 else f"All {checks.total} checks"
        verb = "has" if checks.total == 1 else "have"
        return (_note(number, "passed", head, text=f"{every} of the {pull} {verb} passed."),)
    count = f"{len(checks.failed)} of {checks.total} checks" if checks.total > 1 else "The check"
    failed = f"{count} of the {pull} {'have' if len(checks.failed) > 1 else 'has'} failed:\n\n{_list(checks.failed)}"
    if on_failure is OnFailure.NOTIFY:
        return (_note(number, "failed", head, text=f"{failed}\n\nReply *fix the checks* to have them looked at."),)
    if fixes >= FIXES_MOST:
        end = f"That was mended {FIXES_MOST} times in a row without success, so it is left to you. Reply to go on."
        return (_note(number, "failed", head, text=f"{failed}\n\n{end}"),)
    told = f"{failed}\n\nThis is being looked at, try {fixes + 1} of {FIXES_MOST}."
    asked = f"{failed}\n\nFind out why, and mend it. Check it here as far as you can before you are done."
    work = PullRequestNews(key=_key(number, "fix", head), text=asked, author=f"checks of pull request #{number}")
    return _note(number, "failed", head, text=told), work


def _of_remarks(number: int, pull: str, author: str, remarks: tuple[Remark, ...]) -> PullRequestNews:
    ids = [remark.id for remark in remarks]
    working = any(_gives_work(remark) for remark in remarks)
    if not working and not any(remark.may_write for remark in remarks):
        text = f"`{author}`, who may not write to the repository, has commented on the {pull}: {remarks[0].url}"
        text += "\n\nNothing is done about it; reply here if something shall be."
        return _note(number, "remarks", *ids, text=text)
    parts = [_said(author, pull, remark) for remark in remarks]
    if not working:
        return _note(number, "remarks", *ids, text="\n\n".join(parts))
    parts.append("Do what is asked for there. Your answer goes to the conversation, not to the pull request.")
    return PullRequestNews(key=_key(number, "remarks", *ids), text="\n\n".join(parts), author=f"{author} at the forge")


def _gives_work(remark: Remark) -> bool:
    """Whoever may write says something that is not mere consent."""
    return remark.may_write and (remark.verdict is not Verdict.APPROVED) and bool(remark.text.strip())


def _said(author: str, pull: str, remark: Remark) -> str:
    place = f" (`{remark.place}`)" if remark.place else ""
    quoted = "\n".join(f"> {line}".rstrip() for line in _cut(remark.text.strip()).splitlines())
    head = f"`{author}` {_VERDICTS[remark.verdict]} the {pull}{place}, {remark.url}"
    return f"{head}:\n\n{quoted}" if quoted else f"{head}."


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MOST else f"{text[:TEXT_MOST].rstrip()}\n…"


def _list(failed: tuple[FailedCheck, ...]) -> str:
    lines = []
    for check in failed[:NAMED_MOST]:
        lines.append(f"- [{_plain(check.name)}]({check.url})")
        if check.log:
            log = check.log.replace("```", "` ` `")
            lines.append("\n".join(f"  {line}".rstrip() for line in ("```text", *log.splitlines(), "```")))
    if len(failed) > NAMED_MOST:
        lines.append(f"- and {len(failed) - NAMED_MOST} more")
    return "\n".join(lines)


def _plain(name: str) -> str:
    return " ".join(name.replace("[", "(").replace("]", ")").split())


def _note(number: int, kind: str, *parts: str, text: str) -> PullRequestNews:
    return PullRequestNews(key=_key(number, kind, *parts), text=text)


def _key(number: int, kind: str, *parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    return f"pull-request/{number}/{kind}/{digest}"
