"""A forge's pull requests as a test makes them."""

from airut.errors import ForgeError
from airut.models.pull_requests.follow_up import OnFailure
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import FailedCheck, PullRequestView
from tests.support.agent_results import REQUEST


class ScriptedForge:
    """Implements `airut.ports.pull_requests.PullRequests`. With `on_failure` pushes are followed."""

    def __init__(self) -> None:
        self.on_failure: OnFailure | None = None
        self.view = PullRequestView(
            number=REQUEST.number, url=REQUEST.url, author="airut-bot", state=PullRequestState.OPEN, head="c1"
        )
        self.writers: tuple[str, ...] = ()
        self.refused: ForgeError | None = None
        self.looks = 0

    def shows(self, **changes: object) -> None:
        self.view = self.view.model_copy(update=changes)

    async def look(self, repo: str, number: int) -> PullRequestView:
        assert (repo, number) == ("web", self.view.number)
        self.looks += 1
        if self.refused is not None:
            raise self.refused
        return self.view

    async def log_tail(self, repo: str, check: FailedCheck) -> str:
        return f"{check.name} says so"

    async def may_write(self, repo: str, login: str) -> bool:
        return login in self.writers
