"""What becomes of a merge request on GitLab: jobs and statuses, notes, approvals, its end."""

from collections.abc import Callable, Sequence
from datetime import datetime

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.gitlab.client import asking, project, user_id
from airut.adapters.gitlab.forge import STATES
from airut.adapters.kept_answers import KeptAnswers
from airut.adapters.log_tail import tail, tail_of
from airut.errors import ForgeRefused, ForgeUnavailable
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, FailedCheck, PullRequestView, Remark, Verdict

DEVELOPER = 30
"""The access level from which on somebody may push."""
DONE = frozenset({"success", "failed", "canceled", "skipped", "manual"})
"""`manual` waits for a person, who may never come."""
_VERDICTS = {"approved this merge request": Verdict.APPROVED, "requested changes": Verdict.CHANGES_REQUESTED}
"""What GitLab itself notes."""


class Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class User(Document):
    username: str


class MergeRequest(Document):
    iid: int
    web_url: str
    state: str
    sha: str | None
    author: User


class Position(Document):
    new_path: str | None = None
    new_line: int | None = None


class Note(Document):
    id: int
    body: str
    author: User
    created_at: datetime
    system: bool
    position: Position | None = None


class Status(Document):
    """A job of a pipeline, whose id this is, or what another service has set."""

    id: int
    name: str
    status: str
    target_url: str | None = None
    description: str | None = None
    allow_failure: bool = False


NOTES, STATUSES = TypeAdapter(tuple[Note, ...]), TypeAdapter(tuple[Status, ...])


class GitLabPullRequests:
    """Implements `airut.ports.pull_requests.PullRequests`."""

    def __init__(self, repositories: Callable[[str], ForgeRepository]) -> None:
        self._repositories = repositories
        self._answers = KeptAnswers()

    async def look(self, repo: str, number: int) -> PullRequestView:
        found = self._repositories(repo)
        rest, path, what = await asking(found, self._answers), project(found), "looking at the merge request"
        request = MergeRequest.model_validate(await rest.get(f"{path}/merge_requests/{number}", what))
        notes = await rest.pages(
            f"{path}/merge_requests/{number}/notes", what, NOTES.validate_python,
            {"sort": "desc", "order_by": "created_at"}, "per_page",
        )  # fmt: skip
        commit = f"{path}/repository/commits/{request.sha}/statuses"
        statuses = await rest.pages(commit, what, STATUSES.validate_python, {}, "per_page") if request.sha else []
        return PullRequestView(
            number=number,
            url=request.web_url,
            author=request.author.username,
            state=STATES.get(request.state, PullRequestState.CLOSED),
            head=request.sha or "",
            checks=checks_of(statuses),
            remarks=tuple(remark for note in notes if (remark := _remark(request, note)) is not None),
        )

    async def log_tail(self, repo: str, check: FailedCheck) -> str:
        found = self._repositories(repo)
        rest = await asking(found)
        try:
            return await tail_of(f"{rest.base_url}/{project(found)}/jobs/{check.job}/trace", rest.login)
        except httpx.HTTPStatusError as error:
            if error.response.status_code >= 500:
                raise ForgeUnavailable(f"reading a log: GitLab answers {error.response.status_code}") from None
            return tail(check.log)  # what another service has set has none
        except httpx.HTTPError as error:
            raise ForgeUnavailable(f"reading a log: GitLab cannot be reached ({type(error).__name__})") from None

    async def may_write(self, repo: str, login: str) -> bool:
        found = self._repositories(repo)
        rest = await asking(found, self._answers)
        number = await user_id(rest, login)
        if number is None:
            return False
        try:
            member = await rest.get(f"{project(found)}/members/all/{number}", f"asking what {login} may do")
        except ForgeRefused:  # 404 for who is no member, 403 where we may not know
            return False
        return int(member["access_level"]) >= DEVELOPER


def checks_of(statuses: Sequence[Status]) -> Checks:
    """All together. A job that may fail counts as one that has passed."""
    if not statuses:
        return Checks()
    if any(each.status not in DONE for each in statuses):
        return Checks(state=CheckState.PENDING, total=len(statuses))
    failed = tuple(
        FailedCheck(name=each.name, url=each.target_url or "", job=str(each.id), log=each.description or "")
        for each in statuses
        if each.status in {"failed", "canceled"} and not each.allow_failure
    )
    return Checks(state=CheckState.FAILED if failed else CheckState.PASSED, total=len(statuses), failed=failed)


def _remark(request: MergeRequest, note: Note) -> Remark | None:
    verdict = _VERDICTS.get(note.body.strip()) if note.system else Verdict.COMMENTED
    if verdict is None:
        return None
    at = note.position
    place = f"{at.new_path}:{at.new_line}" if at and at.new_path and at.new_line else (at and at.new_path) or ""
    return Remark(
        id=f"note-{note.id}",
        author=note.author.username,
        at=note.created_at,
        url=f"{request.web_url}#note_{note.id}",
        text="" if note.system else note.body,
        place=place,
        verdict=verdict,
    )
