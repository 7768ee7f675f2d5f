"""What a sandbox gets of the secrets that the configuration holds: stand-ins, and where they are swapped."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from airut.config.load import load_config
from airut.config.repositories import ConfiguredRepositories
from airut.models.credentials.aws import SandboxAwsCredential
from airut.models.credentials.kinds import SandboxCredential
from airut.models.hosts.repository import RepositorySecrets
from airut.models.policy.model_endpoint import ModelEndpoint
from airut.models.policy.policy import rule_aws, rule_credential
from airut.models.policy.rules import RuleMint
from tests.config.configured import AGENT, KEY, repositories


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


def test_values_are_all_real_ones() -> None:
    auth = {"auth": {"token": "ghp_" + "F" * 36}}
    assert len(repositories(forge=auth).values("web")) == 3


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
