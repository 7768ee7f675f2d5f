"""What the configuration means for the threads of a repository."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airut.config.digest import digest
from airut.config.repositories import ConfiguredRepositories, forge_kind
from airut.config.schema import Config
from airut.errors import ConfigError
from airut.models.mail.notes import MailNotes, ProgressMails
from airut.models.tasks.settings import DAY, ThreadSettings
from tests.config.configured import AGENT, KEY, REPO, repositories


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
