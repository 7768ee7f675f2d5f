"""Where pull requests live."""

from typing import Protocol

from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec


class Forge(Protocol):
    async def find_pull_request(self, repo: str, head: str) -> PullRequestRef | None:
        """The newest pull request of that head branch, in any state.

        Raises:
            ForgeUnavailable, ForgeRefused
        """
        ...

    async def open_or_update(self, spec: PullRequestSpec) -> PullRequestRef | None:
        """Open the pull request, or bring the one of the same head up to date between our marker comments; one that
        was closed without being merged is opened again. None where that cannot be done: the branch is used up. Two
        calls at once make one pull request.

        Raises:
            ForgeUnavailable, ForgeRefused
        """
        ...
