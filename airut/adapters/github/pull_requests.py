"""What becomes of a pull request on GitHub: checks, reviews, comments, its end."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
from githubkit import GitHub, TokenAuthStrategy
from githubkit.exception import GitHubException, RequestFailed
from pydantic import TypeAdapter, ValidationError

from airut.adapters.github.client import client
from airut.adapters.github.documents import (
    COMMENTS,
    REVIEWS,
    Pull,
    check_runs,
    checks_of,
    remarks_of,
    statuses_in,
)
from airut.adapters.github.failures import as_ours
from airut.adapters.github.forge import TIMEOUT, GitHubRepository
from airut.adapters.kept_answers import KeptAnswers
from airut.adapters.log_tail import tail, tail_of
from airut.errors import ForgeRefused, ForgeUnavailable
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import FailedCheck, PullRequestView

PAGE = 100
"""GitHub's most."""
PAGES = 10
"""A thousand comments of one kind; the newest ones of more are not read."""
REMEDIES = {
    401: "the token under forge.auth is not valid any more; give a new one",
    403: "the token under forge.auth lacks a right; it must read pull requests, issues, checks, statuses, actions",
    404: "the pull request does not exist any more, or the token under forge.auth cannot see it",
    422: "GitHub did not accept the request; an App needs to read checks, statuses and actions",
}
WRITERS = frozenset({"admin", "maintain", "write"})
_JOB = re.compile(r"/actions/runs/\d+/jobs?/(\d+)")

log = logging.getLogger(__name__)


class GitHubPullRequests:
    """Implements `airut.ports.pull_requests.PullRequests`."""

    def __init__(self, repositories: Callable[[str], GitHubRepository]) -> None:
        self._repositories = repositories
        self._answers = KeptAnswers()

    async def look(self, repo: str, number: int) -> PullRequestView:
        asked = await self._asking(repo)
        pull = Pull.model_validate_json(await asked.get(f"pulls/{number}", "looking at the pull request"))
        state = PullRequestState.MERGED if pull.merged_at else PullRequestState(pull.state)
        reviews = await asked.pages(f"pulls/{number}/reviews", REVIEWS.validate_json)
        on_lines = await asked.pages(f"pulls/{number}/comments", COMMENTS.validate_json)
        below = await asked.pages(f"issues/{number}/comments", COMMENTS.validate_json)
        runs = await asked.pages(f"commits/{pull.head.sha}/check-runs", check_runs)
        statuses = await asked.pages(f"commits/{pull.head.sha}/status", statuses_in)
        return PullRequestView(
            number=number,
            url=pull.html_url,
            author=pull.user.login if pull.user else "",
            state=state,
            head=pull.head.sha,
            checks=checks_of(runs, statuses),
            remarks=remarks_of(reviews, [*on_lines, *below]),
        )

    async def log_tail(self, repo: str, check: FailedCheck) -> str:
        if not (found := _JOB.search(check.job)):
            return tail(check.log)
        asked = await self._asking(repo)
        try:
            return await tail_of(asked.url(f"actions/jobs/{found[1]}/logs"), asked.login)
        except httpx.HTTPStatusError as error:
            if error.response.status_code >= 500:
                raise ForgeUnavailable(f"reading a log: GitHub answers {error.response.status_code}") from None
            log.info("a log cannot be read: GitHub answers %d", error.response.status_code)
            return tail(check.log)  # without the right to read logs, or when it has been removed
        except httpx.HTTPError as error:
            raise ForgeUnavailable(f"reading a log: GitHub cannot be reached ({type(error).__name__})") from None

    async def may_write(self, repo: str, login: str) -> bool:
        asked = await self._asking(repo)
        try:
            document = await asked.get(f"collaborators/{login}/permission", f"asking what {login} may do")
        except ForgeRefused:  # 404 for an account that is none, 403 where we may not know
            return False
        return _permission(document) in WRITERS

    async def _asking(self, repo: str) -> "_Asking":
        found = self._repositories(repo)
        return _Asking(replace(found, token=await asyncio.to_thread(found.token.fixed)), self._answers)


class _Asking:
    """Questions about one repository, with the token of now."""

    def __init__(self, repository: GitHubRepository, answers: KeptAnswers) -> None:
        token = repository.token.reveal()
        self.login = {"Authorization": f"Bearer {token}"}
        self._repository = repository
        self._answers = answers
        self._github: GitHub[Any] = client(TokenAuthStrategy(token), repository.base_url, TIMEOUT)

    def url(self, path: str) -> str:
        base = str(self._github.config.base_url).rstrip("/")
        return f"{base}/repos/{self._repository.slug}/{path}"

    async def get(self, path: str, what: str, params: Mapping[str, int] | None = None) -> bytes:
        """Raises: ForgeUnavailable, ForgeRefused"""
        question = (self._repository.base_url, self._repository.slug, path, *sorted((params or {}).items()))
        try:
            answer = await self._github.arequest(
                "GET",
                f"/repos/{self._repository.slug}/{path}",
                params=dict(params or {}),
                headers=self._answers.condition(question),
            )
        except GitHubException as error:
            raise as_ours(error, what, REMEDIES) from error
        return self._answers.answer(question, answer.status_code, answer.headers.get("etag"), answer.content)

    async def pages[Found](self, path: str, parsed: Callable[[bytes], Sequence[Found]]) -> list[Found]:
        """What all pages hold; nothing where the token may not read it. Raises: ForgeUnavailable, ForgeRefused"""
        found: list[Found] = []
        for page in range(1, PAGES + 1):
            try:
                document = await self.get(path, "looking at the pull request", {"per_page": PAGE, "page": page})
            except ForgeRefused as error:
                if isinstance(error.__cause__, RequestFailed) and error.__cause__.response.status_code == 403:
                    log.info("%s", error)
                    return found
                raise
            held = parsed(document)
            found += held
            if len(held) < PAGE:
                break
        return found


def _permission(document: bytes) -> str:
    try:
        found = TypeAdapter(dict[str, Any]).validate_json(document)
    except ValidationError:
        return ""
    return str(found.get("permission", ""))
