"""Pull requests on GitHub, idempotent by head branch (spec: operations §9)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from githubkit import TokenAuthStrategy
from githubkit.exception import GitHubException, RequestFailed

from airut.adapters.github.client import client
from airut.adapters.github.failures import as_ours, mapped, message_of
from airut.models.credentials.secret import Secret
from airut.models.pull_requests.body import replace_our_part
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec, PullRequestState

log = logging.getLogger(__name__)

TIMEOUT = 30.0
"""Seconds for one request: GitHub ends its own after ten."""


@dataclass(frozen=True)
class GitHubRepository:
    """`owner/name` on one GitHub; `base_url` is the API's for an enterprise server, None for github.com."""

    slug: str
    token: Secret
    base_url: str | None = None


class GitHubForge:
    """Implements `airut.ports.forge.Forge`. `repositories` finds a repository by the name that airut.yaml gives it."""

    def __init__(self, repositories: Callable[[str], GitHubRepository]) -> None:
        self._repositories = repositories

    async def find_pull_request(self, repo: str, head: str) -> PullRequestRef | None:
        return await (await self._requests(repo)).newest(head)

    async def open_or_update(self, spec: PullRequestSpec) -> PullRequestRef | None:
        requests = await self._requests(spec.repo)
        known = await requests.newest(spec.head)
        if known is not None and known.state is PullRequestState.CLOSED:
            if not await requests.reopen(known.number):
                return None
            known = known.model_copy(update={"state": PullRequestState.OPEN})
        if known is None or known.state is PullRequestState.MERGED:
            opened = await requests.open(spec)
            if opened is not None:
                return opened.model_copy(update={"notes": await requests.extras(spec, opened.number, asks=True)})
            known = await requests.newest(spec.head)  # another call was faster
        if known is None:
            raise as_ours(GitHubException("the pull request exists and cannot be found"), "opening the pull request")
        await requests.update(spec, known.number)
        # Labels again: a later push may be the first that touches the policy. Reviewers are not asked twice.
        return known.model_copy(update={"notes": await requests.extras(spec, known.number, asks=False)})

    async def _requests(self, repo: str) -> "_Requests":
        """With the token of now: in a thread, for an App may have to ask for one. Raises: ForgeUnavailable"""
        found = self._repositories(repo)
        return _Requests(replace(found, token=await asyncio.to_thread(found.token.fixed)))


class _Requests:
    """The pull requests of one repository."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._owner, _, self._name = repository.slug.rpartition("/")
        self._github = client(TokenAuthStrategy(repository.token.reveal()), repository.base_url, TIMEOUT)

    async def newest(self, head: str) -> PullRequestRef | None:
        with mapped("looking for the pull request"):
            found = await self._github.rest.pulls.async_list(
                self._owner, self._name, state="all", head=f"{self._owner}:{head}", sort="created", direction="desc"
            )
        for pull in found.parsed_data:  # type: ignore[attr-defined]  # githubkit's `list` hides the builtin from mypy
            if pull.head.ref == head:
                state = PullRequestState.MERGED if pull.merged_at else PullRequestState(pull.state)
                return PullRequestRef(number=pull.number, url=pull.html_url, head=head, state=state)
        return None

    async def open(self, spec: PullRequestSpec) -> PullRequestRef | None:
        """Open it; None when one of this head is open already."""
        try:
            created = await self._github.rest.pulls.async_create(
                self._owner,
                self._name,
                title=spec.title,
                head=spec.head,
                base=spec.base,
                body=spec.opening or spec.body,
                draft=spec.draft,
            )
        except RequestFailed as error:
            if error.response.status_code == 422 and "already exists" in message_of(error):
                return None
            if error.response.status_code == 422 and spec.draft and "draft" in message_of(error).lower():
                return await self.open(spec.model_copy(update={"draft": False}))  # a plan without drafts
            raise as_ours(error, "opening the pull request") from error
        except GitHubException as error:
            raise as_ours(error, "opening the pull request") from error
        pull = created.parsed_data
        return PullRequestRef(
            number=pull.number, url=pull.html_url, head=spec.head, state=PullRequestState.OPEN, created=True
        )

    async def reopen(self, number: int) -> bool:
        """Open a closed one again; False where GitHub does not: its branch was deleted meanwhile, or rewritten."""
        try:
            await self._github.rest.pulls.async_update(self._owner, self._name, number, state="open")
        except RequestFailed as error:
            if error.response.status_code == 422:
                return False
            raise as_ours(error, "opening the pull request again") from error
        except GitHubException as error:
            raise as_ours(error, "opening the pull request again") from error
        return True

    async def update(self, spec: PullRequestSpec, number: int) -> None:
        """Exchange our part of the body; what people wrote around it stays, and so does a body without our part."""
        with mapped("updating the pull request"):
            pull = (await self._github.rest.pulls.async_get(self._owner, self._name, number)).parsed_data
            body = replace_our_part(pull.body or "", spec.body)
            if body is not None and body != pull.body:
                await self._github.rest.pulls.async_update(self._owner, self._name, number, body=body)

    async def extras(self, spec: PullRequestSpec, number: int, *, asks: bool) -> tuple[str, ...]:
        """Labels, and with `asks` assignees and reviewers, as far as the token's rights go; what could not be done is
        told."""
        issues, here = self._github.rest.issues, (self._owner, self._name, number)
        notes: tuple[str, ...] = ()
        if spec.labels:
            labels = issues.async_add_labels(*here, labels=list(spec.labels))
            notes += await _tried(labels, f"the labels {', '.join(spec.labels)} could not be set")
        if asks and spec.assignees:
            notes += await self._assign(spec.assignees, number)
        if asks and spec.reviewers:
            teams = [name.rpartition("/")[2] for name in spec.reviewers if "/" in name]
            users = [name for name in spec.reviewers if "/" not in name]
            asked = self._github.rest.pulls.async_request_reviewers(*here, reviewers=users, team_reviewers=teams)
            notes += await _tried(asked, f"{', '.join(spec.reviewers)} could not be asked to review")
        return notes

    async def _assign(self, names: tuple[str, ...], number: int) -> tuple[str, ...]:
        """GitHub leaves out without a word whoever cannot be assigned."""
        issues, left = self._github.rest.issues, set(names)
        try:
            answer = await issues.async_add_assignees(self._owner, self._name, number, assignees=list(names))
            done = {each.login.lower() for each in answer.parsed_data.assignees or () if each}
            left = {name for name in names if name.lower() not in done}
        except GitHubException as error:
            log.info("%s", as_ours(error, "assigning the pull request"))
        return (f"{', '.join(sorted(left))} could not be assigned.",) if left else ()


async def _tried(call: Awaitable[object], otherwise: str) -> tuple[str, ...]:
    try:
        await call
    except GitHubException as error:
        log.info("%s", as_ours(error, otherwise))
        return (f"{otherwise}.",)
    return ()
