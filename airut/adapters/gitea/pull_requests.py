"""What becomes of a pull request on Gitea or Forgejo: statuses, reviews, comments, its end."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, TypeAdapter

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.gitea.client import asking
from airut.adapters.kept_answers import KeptAnswers
from airut.adapters.log_tail import tail
from airut.errors import ForgeRefused
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, FailedCheck, PullRequestView, Remark, Verdict

WRITERS = frozenset({"write", "admin", "owner"})
_VERDICTS = {
    "APPROVED": Verdict.APPROVED,
    "REQUEST_CHANGES": Verdict.CHANGES_REQUESTED,
    "COMMENT": Verdict.COMMENTED,
}


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(Document):
    login: str


class Tip(Document):
    sha: str


class Pull(Document):
    html_url: str
    state: str
    merged: bool = False
    head: Tip
    user: User


class Review(Document):
    id: int
    user: User | None
    body: str = ""
    state: str
    html_url: str
    submitted_at: datetime
    comments_count: int = 0


class Comment(Document):
    id: int
    user: User | None
    body: str
    html_url: str
    created_at: datetime
    path: str = ""
    position: int = 0


class Status(Document):
    context: str
    status: str
    target_url: str = ""
    description: str = ""


REVIEWS, COMMENTS = TypeAdapter(tuple[Review, ...]), TypeAdapter(tuple[Comment, ...])
STATUSES = TypeAdapter(tuple[Status, ...])


class GiteaPullRequests:
    """Implements `airut.ports.pull_requests.PullRequests`."""

    def __init__(self, repositories: Callable[[str], ForgeRepository]) -> None:
        self._repositories = repositories
        self._answers = KeptAnswers()

    async def look(self, repo: str, number: int) -> PullRequestView:
        found = self._repositories(repo)
        rest, path, what = await asking(found, self._answers), f"repos/{found.slug}", "looking at the pull request"
        pull = Pull.model_validate(await rest.get(f"{path}/pulls/{number}", what))
        reviews = await rest.pages(f"{path}/pulls/{number}/reviews", what, REVIEWS.validate_python, {}, "limit")
        comments = list(COMMENTS.validate_python(await rest.get(f"{path}/issues/{number}/comments", what) or ()))
        for review in reviews:
            if review.comments_count:
                lines = await rest.get(f"{path}/pulls/{number}/reviews/{review.id}/comments", what)
                comments += COMMENTS.validate_python(lines or ())
        combined = await rest.get(f"{path}/commits/{pull.head.sha}/status", what)
        state = PullRequestState.MERGED if pull.merged else PullRequestState(pull.state)
        return PullRequestView(
            number=number,
            url=pull.html_url,
            author=pull.user.login,
            state=state,
            head=pull.head.sha,
            checks=checks_of(STATUSES.validate_python(combined.get("statuses") or ())),
            remarks=remarks_of(reviews, comments),
        )

    async def log_tail(self, repo: str, check: FailedCheck) -> str:  # noqa: ARG002  # the API knows no log by status
        return tail(check.log)

    async def may_write(self, repo: str, login: str) -> bool:
        found = self._repositories(repo)
        rest = await asking(found, self._answers)
        path = f"repos/{found.slug}/collaborators/{login}/permission"
        try:
            answer = await rest.get(path, f"asking what {login} may do")
        except ForgeRefused:  # 404 for an account that is none, 403 where we may not know
            return False
        return answer.get("permission") in WRITERS


def checks_of(statuses: Sequence[Status]) -> Checks:
    """All together. A warning is none of our business."""
    if not statuses:
        return Checks()
    if any(each.status == "pending" for each in statuses):
        return Checks(state=CheckState.PENDING, total=len(statuses))
    failed = tuple(
        FailedCheck(name=each.context, url=each.target_url, log=each.description)
        for each in statuses
        if each.status in {"failure", "error"}
    )
    return Checks(state=CheckState.FAILED if failed else CheckState.PASSED, total=len(statuses), failed=failed)


def remarks_of(reviews: Sequence[Review], comments: Sequence[Comment]) -> tuple[Remark, ...]:
    """What people have said. A review that only holds comments on lines says nothing itself."""
    return (
        *(found for each in reviews if (found := _verdict(each))),
        *(found for each in comments if (found := _said(each))),
    )


def _verdict(review: Review) -> Remark | None:
    verdict = _VERDICTS.get(review.state)
    if verdict is None or (verdict is Verdict.COMMENTED and not review.body.strip()):
        return None
    return _remark("review", review, review.submitted_at, verdict=verdict)


def _said(comment: Comment) -> Remark | None:
    place = f"{comment.path}:{comment.position}" if comment.path and comment.position else comment.path
    return _remark("comment", comment, comment.created_at, place=place) if comment.body.strip() else None


def _remark(
    kind: str, words: Review | Comment, at: datetime, *, verdict: Verdict = Verdict.COMMENTED, place: str = ""
) -> Remark | None:
    """None where nobody says it: the account is gone."""
    if words.user is None:
        return None
    return Remark(
        id=f"{kind}-{words.id}",
        author=words.user.login,
        at=at,
        url=words.html_url,
        text=words.body,
        place=place,
        verdict=verdict,
    )
