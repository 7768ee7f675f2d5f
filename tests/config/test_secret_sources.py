"""Where secrets are read from, and what each mistake is told."""

import logging
import os
from pathlib import Path

import pytest

from airut.config.dotenv import parse_dotenv
from airut.config.load import load_config
from airut.config.schema import Config
from airut.config.secret_fields import secrets_in
from airut.config.secret_readers import Places
from airut.config.warnings import exposed, warnings
from airut.errors import ConfigError, SecretError
from airut.models.credentials.kinds import Credential
from airut.models.credentials.source import EnvironmentSource

REAL = "ghp_" + "R" * 36
FILE = """\
config_version: 1
repos:
  web:
    url: https://github.com/acme/web.git
    channels: {{console: {{}}}}
    agent: {{auth: {{api_key: !env MODEL_KEY}}}}
    env: {env}
    credentials:
      GH_TOKEN: {{value: {written}, hosts: [api.github.com]{more}}}
"""
ENVIRONMENT = {"MODEL_KEY": "sk-ant-api03-real", "GH": REAL, "EMPTY": "", "TWO_LINES": "a-secret\nb"}


def load(folder: Path, written: str, *, more: str = "", env: str = "{}", **environment: str) -> Config:
    file = folder / "airut.yaml"
    file.write_text(FILE.format(written=written, more=more, env=env))
    return load_config(file, ENVIRONMENT | environment)


def token(config: Config) -> Credential:
    found = config.repos["web"].credentials["GH_TOKEN"]
    assert isinstance(found, Credential)
    return found


def private(path: Path, content: str, mode: int = 0o600) -> Path:
    path.write_text(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    "written",
    [
        "!env GH",
        "!env ONLY_IN_DOTENV",
        "!file key",
        "!file {path: key}",
        "!file {path: shared, allow_group: true}",
        "{systemd: gh}",
        "{command: [cat, key]}",
        "{command: [sh, -c, 'printf %s \"$0\"', " + REAL + "], ttl: 5m, timeout: 60s}",
        REAL,
    ],
)
def test_each_source_gives_the_value(tmp_path: Path, written: str) -> None:
    private(tmp_path / "key", REAL + "\n")
    private(tmp_path / "shared", REAL + "\r\n", 0o640)
    private(tmp_path / ".env", f"# ours\nexport ONLY_IN_DOTENV='{REAL}'  # a token\nGH=another\n")
    (tmp_path / "credentials").mkdir()
    private(tmp_path / "credentials" / "gh", REAL, 0o440)
    config = load(tmp_path, written, CREDENTIALS_DIRECTORY=str(tmp_path / "credentials"))
    assert token(config).value.reveal() == REAL
    assert config.sources.redactor.text(f"it is {REAL}") == "it is ***"


def test_the_environment_wins_over_the_first_env_and_that_over_the_second(tmp_path: Path) -> None:
    (folder := tmp_path / "etc").mkdir()
    (working := tmp_path / "working").mkdir()
    first = private(folder / ".env", "ONE=first\nTWO=first\nEMPTY=\n", 0o640)
    second = private(working / ".env", "ONE=second\nTWO=second\nTHREE=second\nEMPTY=second\n", 0o604)
    names = ("ONE", "TWO", "THREE", "EMPTY")

    def read(working: Path | None, name: str) -> str:
        return Places(folder, {"ONE": "real", "EMPTY": ""}, working).reader(EnvironmentSource(environment=name)).read()

    assert [read(working, name) for name in names] == ["real", "first", "second", "second"]
    for no_other in (None, folder, folder / ".." / "etc"):
        with pytest.raises(ValueError, match="environment variable THREE is not set"):
            read(no_other, "THREE")
    (file := folder / "airut.yaml").write_text("config_version: 1")
    told = exposed(load_config(file, places=Places(folder, {}, working)))
    assert told == tuple(f"{path} can be read by others; run `chmod 600 {path}`" for path in (first, second))
    private(first, "", 0o600)
    second.unlink()
    second.mkdir(0o755)  # a virtual environment that is called so
    with pytest.raises(ValueError, match="environment variable THREE is not set"):
        read(working, "THREE")
    assert exposed(load_config(file, places=Places(folder, {}, working))) == ()


PLACE = "repos.web.credentials.GH_TOKEN.value: "


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("!env NO_SUCH", "environment variable NO_SUCH is not set"),
        ("!env EMPTY", "environment variable EMPTY is not set"),
        ("!env TWO_LINES", "contains a line break"),
        ("!file nothing", "nothing: No such file or directory"),
        ("!file .", ".: Is a directory"),
        ("!file open", "open can be read or written by every user of this machine; run `chmod 600` on it"),
        (
            "!file shared",
            "shared can be read by its group; run `chmod 600` on it, or write !file {path: shared, allow_group: true}",
        ),
        ("!file large", "large is larger than 1 MiB"),
        ("!file empty", "empty is empty"),
        ("!file lines", "contains a line break"),
        ("!file nul", "contains a NUL character"),
        ("!file latin", "latin is not UTF-8"),
        ("{systemd: other}", "systemd credential other: No such file or directory"),
        ("{systemd: ../key}", "systemd: String should match pattern"),
        ("{command: []}", "command: "),
        ("{command: [cat, key], tll: 5m}", "tll: Extra inputs are not permitted"),
        ("{comand: [cat, key]}", "must be text, or say where it is read from: write !env NAME, !file path, {systemd"),
        ("17", "must be text"),
        ('""', "is empty"),
    ],
)
def test_what_cannot_be_read_names_field_and_source(tmp_path: Path, written: str, problem: str) -> None:
    private(tmp_path / "open", REAL, 0o604)
    private(tmp_path / "shared", REAL, 0o640)
    private(tmp_path / "large", "x" * (1024**2 + 1))
    private(tmp_path / "empty", "\n")
    private(tmp_path / "lines", REAL + "\n\n")
    private(tmp_path / "nul", REAL + "\0")
    private(tmp_path / "latin", "").write_bytes(b"caf\xe9-secret")
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, written, CREDENTIALS_DIRECTORY=str(tmp_path))
    assert f"{PLACE}{problem}" in str(raised.value)
    assert not any(value in str(raised.value) for value in (REAL, "a-secret", "caf"))


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("{command: [no-such-program]}", "command no-such-program cannot be run: No such file or directory"),
        (
            "{command: [sh, -c, 'echo " + REAL + " >&2; exit 3']}",
            "command sh ended with 3; run it by hand to see why",
        ),
        ("{command: [sh, -c, 'sleep 60 & sleep 60'], timeout: 0.1s}", "command sh did not end within 0.1 s"),
        ("{command: ['true']}", "command true is empty"),
        ("{command: [printf, 'a-secret\\nb']}", "contains a line break"),
    ],
)
def test_a_command_is_run_when_its_value_is_needed(tmp_path: Path, written: str, problem: str) -> None:
    config = load(tmp_path, written)
    with pytest.raises(SecretError) as raised:
        token(config).value.reveal()
    assert str(raised.value) == PLACE + problem


@pytest.mark.parametrize("written", ["!env NO_SUCH", "!env EMPTY", "!file nothing", "{systemd: other}"])
def test_an_optional_credential_without_value_is_not_there(tmp_path: Path, written: str) -> None:
    assert load(tmp_path, written, more=", optional: true").repos["web"].credentials == {}


def test_an_optional_credential_whose_source_is_wrong_is_a_mistake(tmp_path: Path) -> None:
    private(tmp_path / "open", REAL, 0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        load(tmp_path, "!file open", more=", optional: true")


@pytest.mark.parametrize("host", ["*", "**", "*.*"])
def test_no_credential_is_for_every_host(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, f"!env GH, ports: [443], methods: [], foreign: strip, hosts: ['{host}'] }} #")
    expected = f"GH_TOKEN.hosts.0: {host} would give the value to every host; name the hosts that need it"
    assert expected in str(raised.value)


def test_what_an_operator_should_change_is_said(tmp_path: Path) -> None:
    env = "{LOG_LEVEL: debug, DEPLOY_TOKEN: abcdef123, CLOUD: AKIAIOSFODNN7EXAMPLE}"
    found = warnings(load(tmp_path, REAL, env=env))
    assert found == (
        f"{PLACE}the value stands in airut.yaml itself; move it to .env, and write !env with its name here",
        "repos.web.env.DEPLOY_TOKEN: looks like a credential; "
        "put it under credentials (kind: token), so that the agent gets a stand-in for it",
        "repos.web.env.CLOUD: looks like a credential; "
        "put it under credentials (kind: aws), so that the agent signs with stand-ins",
    )
    assert warnings(load(tmp_path, "!env GH")) == ()


def test_a_secret_that_is_an_ordinary_word_here_is_warned_of(tmp_path: Path) -> None:
    private(tmp_path / "key", "api.github.com")
    found = warnings(load(tmp_path, "!file key", env=f"{{SAME: {REAL}, AS: 'x{ENVIRONMENT['MODEL_KEY']}x'}}"))
    same = (
        "the value of a secret stands here as well, as plain text; records that hold it are refused (SecretInPayload), "
        "so change one of the two"
    )
    assert [warning for warning in found if "SecretInPayload" in warning] == [
        f"repos.web.env.AS: {same}",
        f"repos.web.credentials.GH_TOKEN.hosts.0: {same}",
    ]


def test_every_secret_has_its_place(tmp_path: Path) -> None:
    assert [place for place, _ in secrets_in(load(tmp_path, "!env GH"))] == [
        "repos.web.agent.auth.api_key",
        "repos.web.credentials.GH_TOKEN.value",
    ]


@pytest.mark.parametrize("written", ["!file key", "!env LATER", "{systemd: key}"])
def test_a_changed_source_counts_at_once(tmp_path: Path, written: str) -> None:
    private(tmp_path / "key", REAL)
    private(tmp_path / ".env", f"LATER={REAL}")
    value = token(load(tmp_path, written, CREDENTIALS_DIRECTORY=str(tmp_path))).value
    before = value.reveal()
    for name, content in (("key", "ghp_next-one"), (".env", "LATER=ghp_next-one")):
        os.replace(private(tmp_path / "beside", content), tmp_path / name)
    assert (before, value.reveal()) == (REAL, "ghp_next-one")


def test_a_source_that_fails_later_is_said_once_and_its_last_good_value_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    private(tmp_path / "key", REAL)
    value = token(load(tmp_path, "!file key")).value
    (tmp_path / "key").chmod(0o644)
    with caplog.at_level(logging.WARNING):
        assert [value.reveal(), value.reveal()] == [REAL, REAL]
    assert [record.getMessage() for record in caplog.records] == [
        f"{PLACE}key can be read or written by every user of this machine; run `chmod 600` on it; "
        "the last good value is used for 1 h more"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\n\n # B=2\nexport C = three # words", {"A": "1", "C": "three"}),
        ('A=\'x # y\' # z\nB="a\\"b\\n$A"\nC=', {"A": "x # y", "B": 'a"b\n$A', "C": ""}),
        ("A=1\nA=2\nno assignment\n2B=3", {"A": "2"}),
        ("A=x#y", {"A": "x#y"}),
        (
            "A=\"one\n two # no comment\n\" # one\nB='x\n\\n'\nC=3",
            {"A": "one\n two # no comment\n", "B": "x\n\\n", "C": "3"},
        ),
        ('A="a\\tb\\r\\n\\\\\\$x\\\nc"', {"A": "a\tb\r\n\\$xc"}),
        ('A="\n#B=2\nC=3\n"\r\n\texport\tD\t=\t4', {"A": "\n#B=2\nC=3\n", "D": "4"}),
        ("# it's\nA=don't # it's\nB='open\nC=\"open\nD='x'", {"A": "don't", "B": "'open", "C": '"open', "D": "x"}),
        ('A=\'x\' y\nB="x" "y"\nexportC=3\nD = ', {"A": "'x' y", "B": '"x" "y"', "exportC": "3", "D": ""}),
    ],
)
def test_dotenv(text: str, expected: dict[str, str]) -> None:
    assert parse_dotenv(text) == expected
