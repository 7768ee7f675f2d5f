"""GitHub's documents about a pull request, as much of them as is needed, in the words of every forge."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, TypeAdapter

from airut.models.pull_requests.view import Checks, CheckState, FailedCheck, Remark, Verdict

FAILED = frozenset({"failure", "timed_out", "startup_failure", "action_required", "cancelled"})
"""Conclusions of a check run; the others are success, neutral, skipped and stale."""
_VERDICTS = {
    "APPROVED": Verdict.APPROVED,
    "CHANGES_REQUESTED": Verdict.CHANGES_REQUESTED,
    "COMMENTED": Verdict.COMMENTED,
}


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(Document):
    login: str
    type: str = "User"


class Tip(Document):
    sha: str


class Pull(Document):
    html_url: str
    state: str
    merged_at: datetime | None
    head: Tip
    user: User | None


class Review(Document):
    id: int
    user: User | None
    body: str | None
    state: str
    html_url: str
    submitted_at: datetime | None = None


class Comment(Document):
    """On a line where it has a path, else below the pull request."""

    id: int
    user: User | None
    body: str | None
    html_url: str
    created_at: datetime
    path: str | None = None
    line: int | None = None


class Output(Document):
    title: str | None = None
    summary: str | None = None


class CheckRun(Document):
    id: int
    name: str
    status: str
    conclusion: str | None
    html_url: str | None
    details_url: str | None
    output: Output = Output()


class CheckRuns(Document):
    check_runs: tuple[CheckRun, ...]


class Status(Document):
    """One that a service without check runs has set on a commit; the newest of its context."""

    context: str
    state: str
    target_url: str | None
    description: str | None = None


class Statuses(Document):
    statuses: tuple[Status, ...]


REVIEWS = TypeAdapter(tuple[Review, ...])
COMMENTS = TypeAdapter(tuple[Comment, ...])


def check_runs(document: bytes) -> tuple[CheckRun, ...]:
    return CheckRuns.model_validate_json(document).check_runs


def statuses_in(document: bytes) -> tuple[Status, ...]:
    return Statuses.model_validate_json(document).statuses


def checks_of(runs: Sequence[CheckRun], statuses: Sequence[Status]) -> Checks:
    """All together, in their order."""
    total = len(runs) + len(statuses)
    if not total:
        return Checks()
    if any(run.status != "completed" for run in runs) or any(status.state == "pending" for status in statuses):
        return Checks(state=CheckState.PENDING, total=total)
    failed = [
        FailedCheck(
            name=run.name,
            url=run.html_url or run.details_url or "",
            job=run.details_url or "",
            log="\n".join(filter(None, (run.output.title, run.output.summary))).strip(),
        )
        for run in runs
        if run.conclusion in FAILED
    ]
    failed += [
        FailedCheck(name=status.context, url=status.target_url or "", log=status.description or "")
        for status in statuses
        if status.state in {"failure", "error"}
    ]
    return Checks(state=CheckState.FAILED if failed else CheckState.PASSED, total=total, failed=tuple(failed))


def remarks_of(reviews: Sequence[Review], comments: Sequence[Comment]) -> tuple[Remark, ...]:
    """What people have said. A review that only holds comments on lines says nothing itself."""
    found = []
    for review in reviews:
        text, verdict = (review.body or "").strip(), _VERDICTS.get(review.state)
        if review.submitted_at is None or verdict is None or not _is_person(review.user):
            continue
        if text or verdict is not Verdict.COMMENTED:
            found.append(
                Remark(
                    id=f"review-{review.id}",
                    author=_login(review.user),
                    at=review.submitted_at,
                    url=review.html_url,
                    text=text,
                    verdict=verdict,
                )
            )
    for comment in comments:
        if not _is_person(comment.user) or not (comment.body or "").strip():
            continue
        place = f"{comment.path}:{comment.line}" if comment.path and comment.line else comment.path or ""
        found.append(
            Remark(
                id=f"{'line' if comment.path else 'comment'}-{comment.id}",
                author=_login(comment.user),
                at=comment.created_at,
                url=comment.html_url,
                text=comment.body or "",
                place=place,
            )
        )
    return tuple(found)


def _is_person(user: User | None) -> bool:
    return user is not None and user.type != "Bot"


def _login(user: User | None) -> str:
    return user.login if user else ""
