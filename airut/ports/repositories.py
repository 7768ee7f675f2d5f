"""What is configured for a repository, as far as activities need it."""

from typing import Protocol

from airut.models.hosts.repository import AgentSettings, PullRequestSettings, RepositorySecrets
from airut.models.hosts.sandbox import Limits
from airut.models.tasks.settings import ThreadSettings


class Repositories(Protocol):
    """Looked up afresh for each task, so that a changed configuration applies to the next one.

    Every method raises ConfigError when the repository is not configured here.
    """

    def limits(self, repo: str) -> Limits: ...

    def thread(self, repo: str) -> ThreadSettings: ...

    def agent(self, repo: str) -> AgentSettings: ...

    def pull_request(self, repo: str) -> PullRequestSettings: ...

    def secrets(self, repo: str, thread: str, *, account: int = 0, fresh: bool = False) -> RepositorySecrets:
        """The repository's plain variables, and its credentials with this thread's surrogates. A value that cannot be
        had at the moment is None. `account` is the one at the model's provider, counted from 0.

        With `fresh`, sources that show no change by themselves are asked again: that takes as long as the commands
        among them, at most some ten seconds each. To be called in a thread: a GitHub App's token may have to be asked
        for.
        """
        ...
