"""A GitHub App among the credentials of a repository."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from airut.config.repositories import ConfiguredRepositories
from airut.config.schema import Config
from airut.models.credentials.github_app import GITHUB_HOSTS, GithubApp, InstallationToken, SandboxGithubApp
from airut.models.credentials.secret import Secret, SecretLines
from tests.config.configured import KEY, REPO

APP_KEY = rsa.generate_private_key(65_537, 2048)
PEM = APP_KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
EC_PEM = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
APP: dict[str, object] = {"kind": "github_app", "app_id": 1, "installation_id": 2, "private_key": PEM}
TOKEN = InstallationToken(value=Secret("ghs_" + "R" * 36), expires_at=3_600.0, repositories=())


class Tokens:
    """Implements `airut.ports.tokens.AppTokens`: one token for all, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[GithubApp, bool]] = []

    def token(self, app: GithubApp, *, patient: bool = False) -> InstallationToken | None:
        self.asked.append((app, patient))
        return TOKEN


def with_app(tokens: Tokens | None, **app: object) -> ConfiguredRepositories:
    repo = {**REPO, "credentials": {"GH_APP": {**APP, **app}}}
    config = Config.model_validate({"config_version": 1, "repos": {"web": repo}})
    return ConfiguredRepositories(config, KEY, lambda _: Path("/opt/claude/claude"), tokens)


def test_an_apps_token_is_asked_for_and_its_surrogate_does_not_follow_from_it() -> None:
    tokens = Tokens()
    secrets = with_app(tokens).secrets("web", "t", fresh=True)
    found = secrets.credentials[1]
    assert isinstance(found, SandboxGithubApp)
    app = GithubApp(
        field="repos.web.credentials.GH_APP",
        base_url="https://api.github.com",
        app_id=1,
        installation_id=2,
        private_key=SecretLines(PEM),
        repositories=("acme/web",),
        permissions=(("checks", "read"), ("contents", "read"), ("issues", "write"), ("pull_requests", "write")),
    )
    assert tokens.asked == [(app, True)]
    assert (found.app, found.token, found.hosts, found.ports) == (app, TOKEN, GITHUB_HOSTS, (443,))
    without = with_app(None).secrets("web", "t")
    assert without.environment == secrets.environment
    assert isinstance(without.credentials[1], SandboxGithubApp)
    assert without.credentials[1].token is None
    assert PEM.encode() in with_app(None).values("web")


@pytest.mark.parametrize(
    ("base_url", "hosts", "ports"),
    [
        ("https://github.example.com/api/v3/", ("github.example.com",), (443,)),
        ("https://github.example.com:8443/api/v3", ("github.example.com",), (443, 8443)),
        ("https://api.acme.ghe.com", ("api.acme.ghe.com", "acme.ghe.com"), (443,)),
    ],
)
def test_an_enterprise_server(base_url: str, hosts: tuple[str, ...], ports: tuple[int, ...]) -> None:
    found = with_app(None, base_url=base_url, repositories=["acme/web", "acme/docs"]).secrets("web", "t").credentials[1]
    assert isinstance(found, SandboxGithubApp)
    assert (found.hosts, found.ports, found.app.base_url) == (hosts, ports, base_url.rstrip("/"))
    assert found.app.repositories == ("acme/docs", "acme/web")


@pytest.mark.parametrize(
    ("app", "problem"),
    [
        ({"private_key": EC_PEM.decode()}, "credentials.GH_APP.private_key: must be an RSA key"),
        ({"private_key": "x"}, "credentials.GH_APP.private_key: must be a private key in PEM"),
        ({"base_url": "http://github.example.com"}, "must be the https address of the API"),
        ({"repositories": ["web"]}, "repositories"),
        ({"permissions": {"contents": "all"}}, "permissions"),
        ({"app_id": 0}, "app_id"),
        ({"hosts": ["a.test"]}, "hosts"),
    ],
)
def test_an_app_that_cannot_be(app: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem) as raised:
        with_app(None, **app)
    assert PEM.splitlines()[2] not in str(raised.value)
