"""How this host logs in at a repository's forge, for its own fetches, pushes and pull requests."""

from airut.adapters.git import RepoRemote
from airut.adapters.github import GitHubRepository
from airut.config.repo_schema import RepoConfig
from airut.config.schema import Config
from airut.errors import ConfigError, ForgeUnavailable
from airut.models.credentials.github_app import Access, GithubApp, GithubAppCredential, app_of
from airut.models.credentials.secret import Secret
from airut.ports.tokens import AppTokens

PERMISSIONS: dict[str, Access] = {"contents": "write", "issues": "write", "pull_requests": "write"}
"""What an App is asked for here besides what the agent may do: to push, to open pull requests, to label them."""


def remotes(config: Config, tokens: AppTokens) -> dict[str, RepoRemote]:
    """The remote of each repository."""
    return {
        name: RepoRemote(name, repo.url, forge_token(name, repo, tokens), repo.default_branch)
        for name, repo in config.every_repo.items()
    }


def github_repository(config: Config, name: str, tokens: AppTokens) -> GitHubRepository:
    """How to reach a repository's pull requests.

    Raises:
        ConfigError: there is neither token nor App.
    """
    repo = config.every_repo[name]
    token = forge_token(name, repo, tokens)
    if token is None:
        raise ConfigError(f"repos.{name}.forge.auth.token is not set; pull requests need one")
    return GitHubRepository(repo.slug, token, repo.forge.base_url or _app_url(repo))


def forge_token(name: str, repo: RepoConfig, tokens: AppTokens) -> Secret | None:
    """The token under `forge.auth`, or the one that its App has at the time it is looked at.

    To look at the latter may take some seconds, and raises ForgeUnavailable while there is none.
    """
    app = _app(name, repo)
    if app is None:
        return repo.forge.auth.token

    def current() -> str:
        token = tokens.token(app, patient=True)
        if token is None:
            raise ForgeUnavailable(f"{app.field}: GitHub gives out no token of the App; the log says why")
        return token.value.reveal()

    return Secret(current)


def _app(name: str, repo: RepoConfig) -> GithubApp | None:
    named = repo.forge.auth.credential
    credential = None if named is None else repo.credentials.get(named)
    if named is None or not isinstance(credential, GithubAppCredential):
        return None
    app = app_of(named, credential, repo=name, slug=repo.slug)
    permissions = tuple(sorted({**credential.permissions, **PERMISSIONS}.items()))
    return app.model_copy(update={"repositories": (repo.slug,), "permissions": permissions})


def _app_url(repo: RepoConfig) -> str | None:
    credential = repo.credentials.get(repo.forge.auth.credential or "")
    return credential.base_url if isinstance(credential, GithubAppCredential) else None
