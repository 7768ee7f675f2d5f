"""The forges of the configuration: which adapter speaks to which one.

They are imported when first needed: their clients take half a second, for which every start would wait.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from urllib.parse import urlsplit

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.git.remote import host_of
from airut.config.repositories import forge_kind
from airut.config.schema import Config
from airut.errors import ConfigError, RepositoryGone
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestSpec
from airut.models.pull_requests.view import FailedCheck, PullRequestView
from airut.ports.forge import Forge
from airut.ports.pull_requests import PullRequests
from airut.ports.tokens import AppTokens

API = {"gitlab": "api/v4", "gitea": "api/v1", "forgejo": "api/v1"}
"""Where each kind has its API on its host."""


class _ByKind[Adapter](ABC):
    """One adapter a kind of forge."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._made: dict[str, Adapter] = {}

    def of(self, repo: str) -> Adapter:
        match kind_of(self._config, repo):
            case "gitlab":
                name, make = "gitlab", self._gitlab
            case "gitea" | "forgejo":
                name, make = "gitea", self._gitea
            case _:
                name, make = "github", self._github
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    @abstractmethod
    def _github(self) -> Adapter: ...

    @abstractmethod
    def _gitlab(self) -> Adapter: ...

    @abstractmethod
    def _gitea(self) -> Adapter: ...


class ConfiguredForges(_ByKind[Forge]):
    """Implements `airut.ports.forge.Forge` for all repositories."""

    def __init__(self, config: Config, tokens: AppTokens) -> None:
        super().__init__(config)
        self._tokens = tokens

    async def find_pull_request(self, repo: str, head: str) -> PullRequestRef | None:
        return await self.of(repo).find_pull_request(repo, head)

    async def open_or_update(self, spec: PullRequestSpec) -> PullRequestRef | None:
        return await self.of(spec.repo).open_or_update(spec)

    def _github(self) -> Forge:
        from airut.adapters.github import GitHubForge
        from workers.forge_login import github_repository

        return GitHubForge(lambda repo: github_repository(self._config, repo, self._tokens))

    def _gitlab(self) -> Forge:
        from airut.adapters.gitlab import GitLabForge

        return GitLabForge(lambda repo: forge_repository(self._config, repo))

    def _gitea(self) -> Forge:
        from airut.adapters.gitea import GiteaForge

        return GiteaForge(lambda repo: forge_repository(self._config, repo))


class ConfiguredPullRequests(_ByKind[PullRequests]):
    """Implements `airut.ports.pull_requests.PullRequests` for all repositories."""

    def __init__(self, config: Config, tokens: AppTokens | None = None) -> None:
        super().__init__(config)
        self._given = tokens

    async def look(self, repo: str, number: int) -> PullRequestView:
        return await self.of(repo).look(repo, number)

    async def log_tail(self, repo: str, check: FailedCheck) -> str:
        return await self.of(repo).log_tail(repo, check)

    async def may_write(self, repo: str, login: str) -> bool:
        return await self.of(repo).may_write(repo, login)

    def of(self, repo: str) -> PullRequests:
        if kind_of(self._config, repo) == "none":
            raise ConfigError(f"repos.{repo}.forge.kind is none; nothing is followed there")
        return super().of(repo)

    def _github(self) -> PullRequests:
        from airut.adapters.github.pull_requests import GitHubPullRequests
        from workers.forge_login import github_repository

        return GitHubPullRequests(lambda repo: github_repository(self._config, repo, self._tokens))

    def _gitlab(self) -> PullRequests:
        from airut.adapters.gitlab import GitLabPullRequests

        return GitLabPullRequests(lambda repo: forge_repository(self._config, repo))

    def _gitea(self) -> PullRequests:
        from airut.adapters.gitea import GiteaPullRequests

        return GiteaPullRequests(lambda repo: forge_repository(self._config, repo))

    @cached_property
    def _tokens(self) -> AppTokens:
        from airut.adapters.github import InstallationTokens

        return self._given or InstallationTokens(redactor=self._config.sources.redactor)


def kind_of(config: Config, repo: str) -> str:
    """Raises: RepositoryGone, ConfigError: the URL does not tell."""
    if repo not in config.repos:
        raise RepositoryGone(f"the repository {repo} is not configured on this host any more; add it to airut.yaml")
    return forge_kind(config.repos[repo])


def forge_repository(config: Config, name: str) -> ForgeRepository:
    """How to reach a repository's pull requests at a GitLab, Gitea or Forgejo.

    Raises:
        ConfigError: there is no token.
    """
    repo = config.repos[name]
    token = repo.forge.auth.token
    if token is None:
        raise ConfigError(f"repos.{name}.forge.auth.token is not set; pull requests need one")
    parts = urlsplit(repo.url)
    host = f"{parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} else f"https://{host_of(repo.url)}"
    return ForgeRepository(repo.slug, token, repo.forge.base_url or f"{host}/{API[forge_kind(repo)]}")
