"""`airut.yaml`: what is read, and what each mistake is told."""

import base64
import textwrap
from pathlib import Path

import pytest

from airut.config.load import load_config
from airut.config.places import find_config
from airut.config.schema import Config
from airut.config.warnings import warnings
from airut.errors import ConfigError

CODEC = base64.b64encode(bytes(range(32))).decode()
GOOD = """\
config_version: 1
vars: {team: ["*@example.com"]}
limits: {time: 45m, memory: 2g}
repos:
  web:
    url: https://github.com/acme/web.git
    channels:
      email:
        account: {username: bot, password: !env MAIL_PW, from: Airut <bot@example.com>}
        imap: {host: mail.example.com}
        smtp: {host: mail.example.com}
        auth: {trusted_authserv_id: [mx.example.com], authorized_senders: !var team}
    agent:
      auth: {api_key: !file key}
    credentials:
      GH_TOKEN: {value: !env GH, hosts: [api.github.com]}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "key").write_text("sk-ant-api03-real\n")
    (tmp_path / "key").chmod(0o600)
    monkeypatch.setenv("MAIL_PW", "hunter2")
    monkeypatch.setenv("GH", "ghp_real")
    monkeypatch.setenv("CODEC", CODEC)
    path = tmp_path / "airut.yaml"
    path.write_text(GOOD)
    return path


def test_a_good_file(file: Path) -> None:
    config = load_config(file)
    repo = config.repos["web"]
    assert repo.slug == "acme/web"
    assert (config.limits.time, config.limits.memory) == (2700.0, 2 * 1024**3)
    assert repo.agent.auth.api_key is not None
    assert repo.agent.auth.api_key.reveal() == "sk-ant-api03-real"
    assert repo.channels.email is not None
    assert repo.channels.email.auth.authorized_senders == ("*@example.com",)


def test_a_file_without_repositories_is_good_for_the_dashboard(file: Path) -> None:
    file.write_text("config_version: 1\n")
    assert load_config(file).model_dump() == Config.unconfigured().model_dump()
    assert warnings(load_config(file)) == ("repos: there is none, so nobody can ask for anything; add one",)


MICROSOFT = {"provider": "microsoft", "tenant_id": "t", "client_id": "c", "client_secret": "s"}
GENERIC = {
    "provider": "generic",
    "token_url": "https://id.example.org/token",
    "client_id": "c",
    "client_secret": "s",
    "refresh_token": "r",
    "scope": "mail",
}


def with_oauth2(file: Path, block: dict[str, str]) -> None:
    given = ", ".join(f"{key}: {value}" for key, value in block.items())
    text = GOOD.replace("password: !env MAIL_PW, ", "")
    file.write_text(text.replace("        smtp:", f"        oauth2: {{{given}}}\n        smtp:"))


@pytest.mark.parametrize("block", [MICROSOFT, GENERIC], ids=["microsoft", "generic"])
def test_oauth2_stands_in_for_a_password_and_half_of_it_is_named(file: Path, block: dict[str, str]) -> None:
    with_oauth2(file, block)
    email = load_config(file).repos["web"].channels.email
    assert email is not None
    assert email.oauth2 is not None
    for missing in block.keys() - {"provider"}:
        with_oauth2(file, {key: value for key, value in block.items() if key != missing})
        with pytest.raises(ConfigError) as error:
            load_config(file)
        place = "repos.web.channels.email.oauth2"
        assert str(error.value).partition(": ")[2] in (
            f"{place}.{missing}: is required",
            f"{place}: {missing} is required, or certificate_file in its place",
        )


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({}, "oauth2: provider is required"),
        ({"provider": "google"}, "oauth2: provider is required: one of 'microsoft', 'generic'"),
        (MICROSOFT | {"certificate_file": "x.pem"}, "oauth2: give either client_secret or certificate_file"),
        (MICROSOFT | {"authority": "http://login.example.org"}, "oauth2.authority: must be an https address"),
        (MICROSOFT | {"tenant_id": "../x"}, "oauth2.tenant_id: "),
        (GENERIC | {"token_url": "id.example.org"}, "oauth2.token_url: must be an https address"),
        (GENERIC | {"tenant_id": "t"}, "oauth2.tenant_id: unknown key"),
    ],
)
def test_oauth2_that_cannot_be(file: Path, block: dict[str, str], problem: str) -> None:
    with_oauth2(file, block)
    with pytest.raises(ConfigError) as error:
        load_config(file)
    assert f"repos.web.channels.email.{problem}" in str(error.value)


def test_a_mailbox_needs_a_login(file: Path) -> None:
    file.write_text(GOOD.replace("password: !env MAIL_PW, ", ""))
    with pytest.raises(ConfigError, match=r"channels\.email: account\.password is required, unless oauth2 is given"):
        load_config(file)


def test_the_example_of_the_readme_is_valid(tmp_path: Path) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    example = textwrap.dedent(readme.partition("```yaml\n")[2].partition("```")[0])
    (tmp_path / "airut.yaml").write_text(example)
    environment = {"MAIL_PASSWORD": "hunter2", "ANTHROPIC_API_KEY": "sk-ant-api03-real", "GITHUB_TOKEN": "ghp_real"}
    config = load_config(tmp_path / "airut.yaml", environment)
    assert config.repos["web"].slug == "acme/web"


def test_no_secret_shows(file: Path) -> None:
    shown = repr(load_config(file)) + load_config(file).model_dump_json()
    assert not any(secret in shown for secret in ("hunter2", "ghp_real", "sk-ant-api03-real"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("time: 45m", "time: 5s"), "{file}:3:16: limits.time: "),
        (("limits: {time", "limits: {tmie"), '{file}:3:10: limits.tmie: unknown key; nearest is "time"'),
        (("limits: {time", "limits: {disk: unlimited, time"), None),
        (("limits: {time", "limits: {disk: none, time"), "limits.disk: 'none' is not a size; write 512k, 25m or 8g"),
        (("limits: {time", "limits: {disk: null, time"), "limits.disk: write unlimited"),
        (("limits: {time", "disk: {min_free: 15%}\nlimits: {time"), None),
        (
            ("limits: {time", "disk: {min_free: 15}\nlimits: {time"),
            "{file}:3:18: disk.min_free: 15 is too much: it must be less than 100%",
        ),
        (
            ("limits: {time", "disk: {min_free: some}\nlimits: {time"),
            "disk.min_free: 'some' is not a share; write 10% or 0.1",
        ),
        (("limits: {time", "execution: {host_lost_after: never}\nlimits: {time"), None),
        (("limits: {time", "execution: {host_lost_after: 1s}\nlimits: {time"), "1s is below the minimum 1m"),
        (("limits: {time", "execution: {thread_idle: 1d}\nlimits: {time"), 'nearest is "thread_idle_max"'),
        (("!env MAIL_PW", "!env NO_SUCH"), "environment variable NO_SUCH is not set"),
        (("!var team", "!var crew"), "vars.crew is not defined"),
        (("!file key", "!file nothing"), "{file}:14:23: repos.web.agent.auth.api_key: nothing: No such file"),
        (("!env GH,", "!secret GH,"), "unknown tag !secret; known are !env, !var, !file"),
        (("config_version: 1\n", ""), "config_version: is required; add the line `config_version: 1`"),
        (("  web:\n", "  Web:\n"), "repos.Web"),
        (("https://github.com", "https://user:pw@github.com"), "must not hold a user or password"),
        (("GH_TOKEN:", "SSL_CERT_FILE:"), "cannot be used as a variable in the sandbox"),
        (("GH_TOKEN:", "CARGO_HTTP_CAINFO:"), "cannot be used as a variable in the sandbox"),
        (("GH_TOKEN:", "AIRUT_X:"), "'AIRUT_X' cannot be used as a variable in the sandbox"),
        (("GH_TOKEN:", "GH-TOKEN:"), "'GH-TOKEN' cannot be used as a variable in the sandbox"),
        (("limits: {time", "sandbox: {profile: root, tmpfs: {tmp: 4g}, nofile: 1024}\nlimits: {time"), None),
        (("limits: {time", "sandbox: {privileged: true}\nlimits: {time"), "sandbox.privileged: unknown key"),
        (("limits: {time", "sandbox: {devices: [/dev/kvm]}\nlimits: {time"), "sandbox.devices: unknown key"),
        (("limits: {time", "sandbox: {profile: host}\nlimits: {time"), "sandbox.profile: 'default' or 'root'"),
        (("limits: {time", "sandbox: {tmpfs: {tmp: 1k}}\nlimits: {time"), "sandbox.tmpfs.tmp"),
        (("limits:", "limits: {}\nlimits:"), "{file}:4:1: limits stands here twice"),
        (("[*@", "[@"), None),
        (("}\n        smtp:", "}\n        replies: {give_up_after: 3d}\n        smtp:"), None),
        (
            ("}\n        smtp:", "}\n        replies: {give_up_after: 60d}\n        smtp:"),
            "replies.give_up_after: 60d is above the maximum 30d",
        ),
        (
            ("}\n        smtp:", "}\n        replies: {subject_tag: sometimes}\n        smtp:"),
            "replies.subject_tag: 'auto', 'always' or 'never'",
        ),
        (("smtp: {", "smtp: {sent_folder: Sent, save_sent: true, "), None),
        (
            ("smtp: {", "smtp: {security: plain, "),
            "email.smtp: security: plain is for a loopback host only, not for mail",
        ),
        (
            ("imap: {", "imap: {security: plain, "),
            "email.imap: security: plain is for a loopback host only, not for mail",
        ),
        (("imap: {host: mail.example.com", "imap: {security: plain, host: localhost"), None),
        (("imap: {host: mail.example.com", "imap: {security: plain, host: '::1'"), None),
        (("imap: {", "imap: {poll_interval: 50ms, "), "email.imap.poll_interval: "),
        (("imap: {", "imap: {poll_interval: 0.05s, "), "email.imap.poll_interval: 0.05s is below the minimum 0.1s"),
        (("smtp: {", "smtp: {save_sent: true, "), "smtp: save_sent needs sent_folder"),
        (("auth: {trusted", "auth: {reject_reply: daily, trusted"), None),
        (("auth: {trusted", "auth: {reject_reply: always, trusted"), "auth.reject_reply: 'never' or 'daily'"),
        (("auth: {trusted", "auth: {continue: everybody, trusted"), "auth.continue: 'participants' or 'authorized'"),
        (("auth: {trusted", "auth: {continue: authorized, trusted"), None),
        (
            ("limits:", "budgets: {per_tsak: 5}\nlimits:"),
            '{file}:3:11: budgets.per_tsak: unknown key; nearest is "per_task"',
        ),
        (
            ("    channels:", "    budgets: {per_day: 0}\n    channels:"),
            "{file}:7:24: repos.web.budgets.per_day: 0 is below the minimum 0.01",
        ),
        (("    channels:", "    budgets: {per_task: null}\n    channels:"), "budgets of repos.web: per_author_day and"),
        (
            ("    channels:", "    timezone: Europe/Berln\n    channels:"),
            "repos.web.timezone: 'Europe/Berln' is no IANA time zone; write Europe/Berlin",
        ),
        (
            ("auth: {api_key", "effort: enormous\n      auth: {api_key"),
            "agent.effort: 'low', 'medium', 'high', 'xhigh' or 'max'",
        ),
        (("limits:", "temporal: {codec: {enabled: true, keys: {k: !env CODEC}, active: k}}\nlimits:"), None),
        (("limits:", "temporal: {codec: {keys: {k: !env CODEC}}}\nlimits:"), None),
        (
            ("limits:", "temporal: {codec: {enabled: true, keys: {k: !env CODEC}}}\nlimits:"),
            "{file}:3:19: temporal.codec: enabled needs active: the id of the key under keys",
        ),
        (
            ("limits:", "temporal: {codec: {keys: {k: !env CODEC}, active: j}}\nlimits:"),
            "{file}:3:19: temporal.codec: active is 'j', which is not among keys (k)",
        ),
        (
            ("limits:", "temporal: {codec: {keys: {k: !env MAIL_PW}}}\nlimits:"),
            "{file}:3:30: temporal.codec.keys.k: must be 32 random bytes in base64; "
            "make one with `openssl rand -base64 32`",
        ),
        (("limits:", "temporal: {codec: {keys: {k k: !env CODEC}}}\nlimits:"), "temporal.codec.keys.k k"),
    ],
)
def test_mistakes_are_named_with_their_place(file: Path, change: tuple[str, str], expected: str | None) -> None:
    file.write_text(GOOD.replace(*change))
    if expected is None:
        load_config(file)
        return
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    assert expected.format(file=file) in str(raised.value)
    assert not any(secret in str(raised.value) for secret in ("hunter2", "ghp_real", "sk-ant-api03-real", CODEC))


def test_two_repositories_cannot_share_a_mailbox(file: Path) -> None:
    web = GOOD.split("repos:\n")[1]
    same = web.replace("  web:", "  api:").replace(
        "imap: {host: mail.example.com}", "imap: {host: MAIL.Example.com, folder: inbox}"
    )
    file.write_text(GOOD + same)
    with pytest.raises(ConfigError, match=r"repos\.web and repos\.api share mailbox bot on MAIL\.Example\.com"):
        load_config(file)


def test_all_faults_are_told_at_once(file: Path) -> None:
    file.write_text(GOOD.replace("time: 45m", "time: 5s").replace("api_key", "apikey"))
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    assert len(str(raised.value).splitlines()) >= 2


def test_no_configuration_says_where_it_was_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AIRUT_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="set AIRUT_CONFIG"):
        find_config(None)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        (
            "{value: !env GH, host: [api.github.com]}",
            '16:34: repos.web.credentials.GH_TOKEN.host: unknown key; nearest is "hosts"',
        ),
        (
            "{kind: aws, access_key_id: !env GH, hosts: [a.test]}",
            "repos.web.credentials.GH_TOKEN.secret_access_key: is required",
        ),
        (
            "{value: !env GH, kind: oauth, hosts: [a.test]}",
            "repos.web.credentials.GH_TOKEN: kind: must be token, aws or github_app",
        ),
        (
            "{value: !env GH, hosts: [a.test], json: [auth/token]}",
            "repos.web.credentials.GH_TOKEN.json.0: auth/token is no JSON pointer; write /auth/token, for instance",
        ),
        (
            "{value: !env GH, hosts: [a.test], mints: [{path: v1/keys, fields: [/key]}]}",
            "repos.web.credentials.GH_TOKEN.mints.0.path: must begin with a slash; write /v1/keys",
        ),
        (
            "{value: !env GH, hosts: [a.test], mints: [{path: /v1/keys, fields: []}]}",
            "repos.web.credentials.GH_TOKEN.mints.0.fields: needs at least 1 entry",
        ),
        (
            '{value: !env GH, hosts: [a.test], mints: [{path: /v1/keys, fields: [/key], hosts: ["*"]}]}',
            "repos.web.credentials.GH_TOKEN.mints.0.hosts.0: * would give the value to every host",
        ),
    ],
)
def test_a_credentials_faults_have_the_place_that_the_file_has(file: Path, written: str, fault: str) -> None:
    file.write_text(GOOD.replace("{value: !env GH, hosts: [api.github.com]}", written))
    with pytest.raises(ConfigError) as raised:
        load_config(file)
    assert fault in str(raised.value)
    assert "ghp_real" not in str(raised.value)
