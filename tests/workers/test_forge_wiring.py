"""Which adapter speaks to which forge, and where it has its API."""

from typing import Any

import pytest

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.gitea import GiteaForge, GiteaPullRequests
from airut.adapters.github import GitHubForge
from airut.adapters.github.pull_requests import GitHubPullRequests
from airut.adapters.gitlab import GitLabForge, GitLabPullRequests
from airut.config.schema import Config
from airut.errors import AirutError
from airut.models.credentials.secret import Secret
from tests.workers.test_forge_login import Tokens
from workers.forge_wiring import ConfiguredForges, ConfiguredPullRequests, forge_repository

TOKEN = "glpat-" + "x" * 20


def config(url: str, **forge: Any) -> Config:
    repo = {
        "url": url,
        "channels": {"console": {}},
        "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
        "forge": forge,
    }
    return Config.model_validate({"config_version": 1, "repos": {"web": repo}})


@pytest.mark.parametrize(
    ("url", "kind", "slug", "api"),
    [
        ("https://gitlab.com/acme/sub/web.git", "auto", "acme/sub/web", "https://gitlab.com/api/v4"),
        ("https://git.example.com:8443/a/b/web.git", "gitlab", "a/b/web", "https://git.example.com:8443/api/v4"),
        ("git@git.example.com:acme/web.git", "gitea", "acme/web", "https://git.example.com/api/v1"),
        ("https://codeberg.org/acme/web", "auto", "acme/web", "https://codeberg.org/api/v1"),
    ],
)
def test_where_the_api_is(url: str, kind: str, slug: str, api: str) -> None:
    made = config(url, kind=kind, auth={"token": TOKEN})
    assert forge_repository(made, "web") == ForgeRepository(slug, Secret(TOKEN), api)


def test_an_address_that_is_given_wins() -> None:
    made = config("https://git.example.com/acme/web", kind="gitea", base_url="https://x.test/v1", auth={"token": TOKEN})
    assert forge_repository(made, "web").base_url == "https://x.test/v1"


def test_a_token_is_needed() -> None:
    with pytest.raises(AirutError, match=r"repos\.web\.forge\.auth\.token is not set"):
        forge_repository(config("https://gitlab.com/acme/web.git"), "web")


@pytest.mark.parametrize(
    ("kind", "forge", "pull_requests"),
    [
        ("github", GitHubForge, GitHubPullRequests),
        ("gitlab", GitLabForge, GitLabPullRequests),
        ("gitea", GiteaForge, GiteaPullRequests),
        ("forgejo", GiteaForge, GiteaPullRequests),
    ],
)
def test_which_adapter(kind: str, forge: type, pull_requests: type) -> None:
    made = config("https://git.example.com/acme/web", kind=kind, auth={"token": TOKEN})
    assert isinstance(ConfiguredForges(made, Tokens()).of("web"), forge)
    assert isinstance(ConfiguredPullRequests(made).of("web"), pull_requests)


@pytest.mark.parametrize(
    ("made", "repo", "fault"),
    [
        (config("https://git.example.com/acme/web"), "web", "does not tell the kind"),
        (config("https://git.example.com/acme/web"), "api", "repository api is not configured on this host any more"),
        (config("https://git.example.com/acme/web", kind="none"), "web", "nothing is followed there"),
    ],
)
def test_what_cannot_be_asked(made: Config, repo: str, fault: str) -> None:
    with pytest.raises(AirutError, match=fault):
        ConfiguredPullRequests(made).of(repo)
