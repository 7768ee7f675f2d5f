"""What the configuration means for a sandbox."""

from pathlib import Path

import pytest

from airut.config.repositories import ConfiguredRepositories, forge_kind
from airut.config.schema import Config
from airut.errors import ConfigError

KEY = b"k" * 32
REPO = {
    "url": "https://github.com/acme/web.git",
    "channels": {"console": {}},
    "agent": {"auth": {"api_key": "sk-ant-api03-" + "r" * 95}},
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
    assert {credential.name: credential.surrogate for credential in found.credentials} == {
        name: value for name, value in found.environment.items() if name != "LOG_LEVEL"
    }
    real = {credential.value.reveal() for credential in found.credentials}
    assert not real & set(found.environment.values())


def test_surrogates_are_the_threads_own() -> None:
    first, again, other = (
        repositories().secrets("web", thread) for thread in ("web/mail/a", "web/mail/a", "web/mail/b")
    )
    assert first.environment == again.environment
    assert first.environment["GH_TOKEN"] != other.environment["GH_TOKEN"]


def test_the_models_key_works_at_one_host_and_no_other_key_passes_there() -> None:
    credential = repositories().secrets("web", "t").credentials[0]
    assert (credential.hosts, credential.headers, credential.foreign) == (
        ("api.anthropic.com",),
        ("X-Api-Key",),
        "block",
    )


def test_values_are_all_real_ones() -> None:
    auth = {"auth": {"token": "ghp_" + "F" * 36}}
    assert len(repositories(forge=auth).values("web")) == 3


def test_a_repository_that_was_taken_out_is_named() -> None:
    with pytest.raises(ConfigError, match="repository api is not configured on this host any more"):
        repositories().limits("api")


@pytest.mark.parametrize(
    ("url", "kind", "expected"),
    [
        ("https://github.com/acme/web.git", "auto", "github"),
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
    with pytest.raises(ConfigError, match="write github or none"):
        forge_kind(config.repos["web"])
