"""What the configuration means for a sandbox."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import ValidationError

from airut.config.digest import digest
from airut.config.load import load_config
from airut.config.repositories import ConfiguredRepositories, forge_kind
from airut.config.schema import Config
from airut.errors import ConfigError
from airut.models.credentials.aws import SandboxAwsCredential
from airut.models.credentials.github_app import GITHUB_HOSTS, GithubApp, InstallationToken, SandboxGithubApp
from airut.models.credentials.kinds import SandboxCredential
from airut.models.credentials.secret import Secret, SecretLines
from airut.models.hosts.repository import RepositorySecrets
from airut.models.mail.notes import MailNotes, ProgressMails
from airut.models.policy.model_endpoint import ModelEndpoint
from airut.models.policy.policy import rule_aws, rule_credential
from airut.models.policy.rules import RuleMint
from airut.models.tasks.settings import DAY, ThreadSettings

KEY = b"k" * 32
AGENT: dict[str, Any] = {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}}
REPO: dict[str, object] = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": AGENT,
    "env": {"LOG_LEVEL": "debug"},
    "credentials": {"GH_TOKEN": {"value": "ghp_" + "R" * 36, "hosts": ["api.github.com"]}},
}


def repositories(**repo: object) -> ConfiguredRepositories:
    config = Config.model_validate({"config_version": 1, "repos": {"web": {**REPO, **repo}}})
    return ConfiguredRepositories(config, KEY, lambda _: Path("/opt/claude/claude"))


def test_the_environment_holds_plain_values_and_surrogates_only() -> None:
    found = repositories().secrets("web", "web/mail/a")
    assert found.environment["LOG_LEVEL"] == "debug"
    assert set(found.environment) == {"LOG_LEVEL", "ANTHROPIC_API_KEY", "GH_TOKEN"}
    swapped = {name: value for credential in found.credentials for name, value in credential.environment().items()}
    assert swapped == {name: value for name, value in found.environment.items() if name != "LOG_LEVEL"}
    real = {value.decode() for value in repositories().values("web")}
    assert not real & set(found.environment.values())


def test_surrogates_are_the_threads_own() -> None:
    first, again, other = (
        repositories().secrets("web", thread) for thread in ("web/mail/a", "web/mail/a", "web/mail/b")
    )
    assert first.environment == again.environment
    assert first.environment["GH_TOKEN"] != other.environment["GH_TOKEN"]


def test_the_models_key_works_at_one_host_and_no_other_key_passes_there() -> None:
    credential = repositories().secrets("web", "t").credentials[0]
    assert isinstance(credential, SandboxCredential)
    assert (credential.hosts, credential.headers, credential.foreign) == (
        ("api.anthropic.com",),
        ("X-Api-Key",),
        "block",
    )


def test_a_gateway_gets_the_key_in_place_of_anthropics_api() -> None:
    found = repositories(agent={**AGENT, "base_url": "https://gw.example.com:8443/claude/"})
    credential = found.secrets("web", "t").credentials[0]
    assert isinstance(credential, SandboxCredential)
    assert (credential.kind, credential.hosts, credential.ports) == ("claude", ("gw.example.com",), (8443,))
    assert found.secrets("web", "t").environment["ANTHROPIC_BASE_URL"] == "https://gw.example.com:8443/claude"
    settings = found.agent("web")
    assert settings.model_endpoint == ModelEndpoint(host="gw.example.com", port=8443, path="/claude")
    assert settings.model_hosts == ("gw.example.com",)


@pytest.mark.parametrize(
    ("repo", "network", "problem"),
    [
        ({"agent": {**AGENT, "base_url": "http://gw.example.com"}}, {}, "must be an https URL"),
        (
            {"agent": {**AGENT, "base_url": "https://gw.example.com"}, "env": {"ANTHROPIC_BASE_URL": "https://x.test"}},
            {},
            "keep agent.base_url",
        ),
        ({}, {"granted_presets": ["antropic"]}, "unknown preset; there are anthropic, github"),
        ({}, {"model_hosts": ["https://x.test"]}, "is not a host name or pattern"),
        ({}, {"private_ranges": ["10.0.0.1/8"]}, "has host bits set"),
    ],
)
def test_what_the_network_cannot_be(repo: dict[str, object], network: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Config.model_validate({"config_version": 1, "network": network, "repos": {"web": {**REPO, **repo}}})


def test_only_the_operator_opens_the_network() -> None:
    assert repositories().agent("web").fenced
    assert not repositories(network={"enabled": False}).agent("web").fenced


def test_values_are_all_real_ones() -> None:
    auth = {"auth": {"token": "ghp_" + "F" * 36}}
    assert len(repositories(forge=auth).values("web")) == 3


def test_threads_go_by_the_configuration() -> None:
    usual = repositories().thread("web")
    assert usual == ThreadSettings(
        freeze_s=1800.0, dashboard="http://127.0.0.1:5200", config_digest=usual.config_digest
    )
    agent: dict[str, Any] = {**AGENT, "plan_approval": True}
    agent["auth"] = {**agent["auth"], "on_limit": "fail"}
    execution = {
        "thread_idle_max": "2d",
        "thread_paused_max": "3d",
        "question_timeout": "4d",
        "pause_grace": "5s",
        "host_lost_after": "never",
    }
    config = Config.model_validate(
        {
            "config_version": 1,
            "execution": execution,
            "sandbox": {"freeze_max": "10m"},
            "dashboard": {"enabled": False},
            "repos": {"web": {**REPO, "agent": agent}},
        }
    )
    assert config.execution.silences == (2 * DAY, 7 * DAY)
    assert ConfiguredRepositories(config, KEY, lambda _: Path("/")).thread("web") == ThreadSettings(
        max_idle_s=2 * DAY,
        max_paused_s=3 * DAY,
        question_timeout_s=4 * DAY,
        pause_grace_s=5.0,
        freeze_s=600.0,
        host_lost_after_s=None,
        agent_on_limit="fail",
        plan_approval=True,
        config_digest=digest(config),
    )
    assert digest(config) != usual.config_digest


def test_without_freezing_a_paused_agent_is_interrupted() -> None:
    sandbox = {"freeze": False, "freeze_max": "10m"}
    config = Config.model_validate({"config_version": 1, "sandbox": sandbox, "repos": {"web": REPO}})
    assert ConfiguredRepositories(config, KEY, lambda _: Path("/")).thread("web").freeze_s == 0.0


@pytest.mark.parametrize(
    ("replies", "notes"),
    [
        ({}, MailNotes(progress=ProgressMails(after=1800, every=7200, max=6), queued_after=60)),
        ({"progress": {"after": "10m", "max": 2}}, MailNotes(progress=ProgressMails(after=600, every=7200, max=2))),
        (
            {"progress": "never", "acknowledge": "never"},
            MailNotes(acknowledge="never", progress=None, queued_after=None),
        ),
    ],
)
def test_what_is_told_by_mail_is_configured(replies: dict[str, object], notes: MailNotes) -> None:
    email = {
        "account": {"username": "robot", "password": "p" * 8, "from": "robot@example.com"},
        "imap": {"host": "mail.example.com"},
        "smtp": {"host": "mail.example.com"},
        "auth": {"trusted_authserv_id": ["mx.example.com"], "authorized_senders": ["ann@example.com"]},
        "replies": replies,
    }
    assert repositories(channels={"email": email}).thread("web").mails == notes


def test_the_disk_is_limited_unless_it_is_said_not_to_be() -> None:
    found = repositories().limits("web").disk
    config = Config.model_validate({"config_version": 1, "limits": {"disk": "unlimited"}, "repos": {"web": REPO}})
    free = ConfiguredRepositories(config, KEY, lambda _: Path("/")).limits("web").disk
    assert (found, free) == (20 * 1024**3, None)


def test_a_repository_that_was_taken_out_is_named() -> None:
    with pytest.raises(ConfigError, match="repository api is not configured on this host any more"):
        repositories().limits("api")


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("https://github.com/acme/web.git", "auto", "github"),
        ("git@gitlab.com:acme/sub/web.git", "auto", "gitlab"),
        ("ssh://codeberg.org/acme/web.git", "auto", "forgejo"),
        ("https://gitea.com/acme/web", "auto", "gitea"),
        ("https://git.example.com/acme/web.git", "github", "github"),
        ("https://git.example.com/acme/web.git", "none", "none"),
    ],
)
def test_the_kind_of_a_forge(url: str, kind: str, expected: str) -> None:
    config = Config.model_validate(
        {"config_version": 1, "repos": {"web": {**REPO, "url": url, "forge": {"kind": kind}}}}
    )
    assert forge_kind(config.repos["web"]) == expected


def test_an_unknown_host_asks_for_the_kind() -> None:
    config = Config.model_validate(
        {"config_version": 1, "repos": {"web": {**REPO, "url": "https://git.example.com/a"}}}
    )
    kinds = "write github, gitlab, gitea or forgejo, or none"
    with pytest.raises(ConfigError, match=rf"git\.example\.com does not tell the kind; {kinds}"):
        forge_kind(config.repos["web"])


ACCOUNTS = {
    "accounts": [{"oauth_token": "sk-ant-oat01-" + "a" * 95}, {"api_key": "sk-ant-api03-" + "b" * 95}],
    "on_limit": "next",
}


def test_each_account_is_its_own_credential() -> None:
    found = repositories(agent={"auth": ACCOUNTS})
    assert (found.thread("web").agent_on_limit, found.thread("web").agent_accounts) == ("next", 2)
    seen = [found.secrets("web", "t", account=number).credentials[0] for number in (0, 1, 2)]
    names = [each.name for each in seen]
    assert names == ["CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"]
    assert len(found.values("web")) == 3


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ({}, "give either api_key or oauth_token, or several of them as accounts"),
        ({**ACCOUNTS, "api_key": "x"}, "give either api_key or oauth_token, or several"),
        ({"accounts": [{}]}, "give either api_key or oauth_token"),
        ({"api_key": "x", "on_limit": "next"}, "on_limit: next needs at least two accounts"),
    ],
)
def test_accounts_that_cannot_be(auth: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        repositories(agent={"auth": auth})


AWS = {
    "kind": "aws",
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "hosts": ["*.s3.eu-north-1.amazonaws.com"],
}


def test_an_aws_credential_gives_the_variables_that_sdks_read() -> None:
    found = repositories(credentials={"AWS": AWS})
    environment = found.secrets("web", "t").environment
    assert set(environment) == {"LOG_LEVEL", "ANTHROPIC_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert {AWS["access_key_id"], AWS["secret_access_key"]}.isdisjoint(environment.values())
    assert len(found.values("web")) == 3


def test_where_a_credential_is_swapped_and_what_it_is_exchanged_for() -> None:
    mint = {"path": "/v1/keys", "fields": ["/key"], "ttl": "10m"}
    other = {"path": "/v1/*/keys", "fields": ["/*/key"], "hosts": ["use.test"]}
    given = {
        "value": "R" * 36,
        "hosts": ["api.test"],
        "query": ["token"],
        "json": ["/auth/token"],
        "mints": [mint, other],
    }
    credentials = (
        repositories(credentials={"T": given, "AWS": {**AWS, "allow_sts": True}}).secrets("web", "t").credentials
    )
    token, aws = credentials[1], credentials[2]
    assert isinstance(token, SandboxCredential)
    assert isinstance(aws, SandboxAwsCredential)
    rule = rule_credential(token)
    assert (rule.query, rule.pointers) == (("token",), ("/auth/token",))
    assert rule.mints == (
        RuleMint(path="/v1/keys", fields=("/key",), hosts=(), ttl=600),
        RuleMint(path="/v1/*/keys", fields=("/*/key",), hosts=("use.test",), ttl=3600),
    )
    assert rule_aws(aws).allow_sts


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


@pytest.mark.parametrize(
    ("repo", "problem"),
    [
        ({"credentials": {"A": AWS, "B": AWS}}, "two credentials give AWS_ACCESS_KEY_ID"),
        ({"credentials": {"A": AWS}, "forge": {"auth": {"credential": "A"}}}, "A is no credential of kind github_app"),
        ({"forge": {"auth": {"credential": "GONE"}}}, "forge.auth.credential: GONE is no credential of kind"),
        ({"forge": {"auth": {"credential": "A", "token": "ghp_x"}}}, "give either token or credential"),
        ({"credentials": {"A": AWS}, "env": {"AWS_ACCESS_KEY_ID": "x"}}, "AWS_ACCESS_KEY_ID stands in env and in cred"),
        ({"credentials": {"A": {**AWS, "kind": "gcp"}}}, "kind: must be token, aws or github_app"),
        ({"credentials": {"A": {**AWS, "names": {"access_key_id": "PATH"}}}}, "'PATH' cannot be used as a variable"),
        ({"credentials": {"A": {**AWS, "secret_access_key": ""}}}, "is empty"),
    ],
)
def test_credentials_that_cannot_be(repo: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        repositories(**repo)


def loaded(folder: Path, written: str, more: str = "") -> ConfiguredRepositories:
    (folder / "airut.yaml").write_text(
        "config_version: 1\nrepos:\n  web:\n    url: https://github.com/acme/web.git\n    channels: {console: {}}\n"
        f"    agent: {{auth: {{api_key: sk-ant-api03-{'r' * 95}}}}}\n"
        f"    credentials: {{GH_TOKEN: {{value: {written}, hosts: [api.github.com]{more}}}}}\n"
    )
    config = load_config(folder / "airut.yaml", {})
    return ConfiguredRepositories(config, KEY, lambda _: Path("/opt/claude/claude"))


def values(secrets: RepositorySecrets) -> dict[str, str | None]:
    found = [each for each in secrets.credentials if isinstance(each, SandboxCredential)]
    return {each.name: each.value.reveal() if each.value else None for each in found if each.kind == "token"}


def test_a_source_that_fails_leaves_a_credential_without_value_and_the_rest_as_it_is(tmp_path: Path) -> None:
    secrets = loaded(tmp_path, "{command: ['false']}").secrets("web", "t")
    assert values(secrets) == {"GH_TOKEN": None}
    assert len(secrets.environment["GH_TOKEN"]) == 40
    assert secrets.credentials[0] == loaded(tmp_path, "{command: ['true']}").secrets("web", "t").credentials[0]


def test_an_optional_credential_whose_command_gives_nothing_is_not_there(tmp_path: Path) -> None:
    secrets = loaded(tmp_path, "{command: ['false']}", ", optional: true").secrets("web", "t")
    assert (values(secrets), "GH_TOKEN" in secrets.environment) == ({}, False)


def test_before_a_task_a_command_is_run_again(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("first-value")
    repositories = loaded(tmp_path, "{command: [cat, key]}")
    first = repositories.secrets("web", "t")
    (tmp_path / "key").write_text("second-value")
    later, fresh = repositories.secrets("web", "t"), repositories.secrets("web", "t", fresh=True)
    found = [values(secrets)["GH_TOKEN"] for secrets in (first, later, fresh)]
    assert found == ["first-value", "first-value", "second-value"]
    (tmp_path / "key").write_text("third-value")
    assert values(first) == {"GH_TOKEN": "first-value"}  # what a sandbox was given stays what it was


def test_clients_find_the_stand_ins_of_their_thread() -> None:
    token = {"value": "npm_" + "R" * 36, "hosts": ["npm.example.com"], "clients": {"npm": {}, "pip": {}}}
    found = repositories(credentials={"NPM_TOKEN": token}).secrets("web", "t")
    surrogate = found.environment["NPM_TOKEN"]
    assert found.files == {
        "npmrc": f"//npm.example.com/:_authToken={surrogate}\n",
        "netrc": f"machine npm.example.com login __token__ password {surrogate}\n",
    }
    assert found.environment["NETRC"] == "/run/airut/files/netrc"


@pytest.mark.parametrize(
    ("repo", "problem"),
    [
        ({"env": {"NETRC": "/x"}}, "the clients of credentials.A are told by NETRC; leave it to them"),
        ({"env": {"TWINE_USERNAME": "x"}}, "TWINE_USERNAME stands in env and in credentials; keep one"),
        (
            {"credentials": {name: {"value": "x", "hosts": ["a.test"], "clients": {"twine": {}}} for name in "AB"}},
            "two credentials give TWINE_PASSWORD",
        ),
        (
            {"credentials": {"A": {"value": "x", "hosts": ["*.test"], "clients": {"docker": {}}}}},
            r"clients.docker needs hosts by their names; \*.test is a pattern",
        ),
        (
            {
                "credentials": {
                    "A": {"value": "x", "hosts": ["a.test"], "clients": {"npm": {"registry": "http://a.test"}}}
                }
            },
            "'http://a.test' is no https address such as https://npm.example.com/team/",
        ),
    ],
)
def test_clients_that_cannot_be(repo: dict[str, object], problem: str) -> None:
    default = {"A": {"value": "x", "hosts": ["a.test"], "clients": {"pip": {}, "twine": {}}}}
    with pytest.raises(ValidationError, match=problem):
        repositories(**{"credentials": default, **repo})
