"""What becomes of a pull request, as its forge shows it."""

from typing import Protocol

from airut.models.pull_requests.view import FailedCheck, PullRequestView


class PullRequests(Protocol):
    """Only reads, and asks with the tag of the answer before, so that what has not changed costs nothing."""

    async def look(self, repo: str, number: int) -> PullRequestView:
        """The pull request as it is now. Failed checks come without their logs, remarks without their authors' rights.

        Raises:
            ForgeUnavailable, ForgeRefused
        """
        ...

    async def log_tail(self, repo: str, check: FailedCheck) -> str:
        """The last 50 lines of a failed check's log; where there is none for us, what the check itself says.

        Raises:
            ForgeUnavailable
        """
        ...

    async def may_write(self, repo: str, login: str) -> bool:
        """Whether that account may push to the repository.

        Raises:
            ForgeUnavailable, ForgeRefused
        """
        ...
