"""How the host logs in at the forge: with the configured token, or as a GitHub App."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from airut.config.schema import Config
from airut.errors import ConfigError, ForgeUnavailable
from airut.models.credentials.github_app import GithubApp, InstallationToken
from airut.models.credentials.secret import Secret
from workers.forge_login import github_repository, remotes

PEM = rsa.generate_private_key(65_537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
APP = {
    "kind": "github_app", "app_id": 1, "installation_id": 2, "private_key": PEM, "repositories": ["acme/docs"],
    "base_url": "https://github.example.com/api/v3", "permissions": {"contents": "read", "checks": "read"},
}  # fmt: skip


class Tokens:
    """Implements `airut.ports.tokens.AppTokens`; each token is another one, and there may be none."""

    def __init__(self, *values: str) -> None:
        self._values = list(values)
        self.asked: list[GithubApp] = []

    def token(self, app: GithubApp, *, patient: bool = False) -> InstallationToken | None:
        assert patient
        self.asked.append(app)
        if not self._values:
            return None
        return InstallationToken(value=Secret(self._values.pop(0)), expires_at=0.0, repositories=())


def config(**forge: Any) -> Config:
    repo = {
        "url": "https://github.example.com/acme/web.git",
        "channels": {"console": {}},
        "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
        "credentials": {"GH_APP": APP},
        "forge": {"kind": "github", **forge},
    }
    return Config.model_validate({"config_version": 1, "repos": {"web": repo}})


def test_the_configured_token() -> None:
    tokens, made = Tokens(), config(auth={"token": "ghp_" + "x" * 36}, base_url="https://a.test")
    remote, repository = remotes(made, tokens)["web"], github_repository(made, "web", tokens)
    assert remote.token == repository.token == Secret("ghp_" + "x" * 36)
    assert (repository.slug, repository.base_url, tokens.asked) == ("acme/web", "https://a.test", [])


def test_the_app_is_asked_for_a_token_of_the_hosts_own_each_time() -> None:
    tokens, made = Tokens("ghs_first", "ghs_second"), config(auth={"credential": "GH_APP"})
    remote, repository = remotes(made, tokens)["web"], github_repository(made, "web", tokens)
    assert tokens.asked == []
    assert remote.token is not None
    assert (remote.token.reveal(), repository.token.reveal()) == ("ghs_first", "ghs_second")
    assert repository.base_url == APP["base_url"]
    assert {app.repositories for app in tokens.asked} == {("acme/web",)}
    assert {app.permissions for app in tokens.asked} == {
        (("checks", "read"), ("contents", "write"), ("issues", "write"), ("pull_requests", "write"))
    }
    with pytest.raises(ForgeUnavailable, match=r"^repos\.web\.credentials\.GH_APP: GitHub gives out no token"):
        repository.token.reveal()


def test_neither() -> None:
    made = config()
    assert remotes(made, Tokens())["web"].token is None
    with pytest.raises(ConfigError, match=r"repos\.web\.forge\.auth\.token is not set"):
        github_repository(made, "web", Tokens())
