"""`airut dashboard`: who may log in, and what the audit log says of it."""

import getpass
import json
from pathlib import Path

import pytest

from airut.cli.main import execute

CONFIG = """\
config_version: 1
state_dir: {state}
dashboard: {{base_url: https://airut.example.org}}
"""


class Terminal:
    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self._state = folder / "state"
        self._config = folder / "airut.yaml"
        self._config.write_text(CONFIG.format(state=self._state))
        self._capture = capture

    def says(self, *words: str, code: int = 0) -> str:
        assert execute(["--config", str(self._config), "dashboard", *words]) == code
        found = self._capture.readouterr()
        return (found.out + found.err).strip()

    def recorded(self) -> list[tuple[str, str, dict[str, object]]]:
        lines = (self._state / "audit.jsonl").read_text().splitlines()
        entries = [json.loads(line) for line in lines]
        assert {entry["actor"] for entry in entries} == {getpass.getuser()}
        return [(entry["action"], entry["object"], entry["detail"]) for entry in entries]


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(tmp_path, capsys)


def test_tokens_come_and_go(terminal: Terminal) -> None:
    assert "no tokens; `airut dashboard --new-token NAME" in terminal.says("--tokens")
    token = terminal.says("--new-token", "ci", "--role", "viewer")
    assert token.startswith("airut_")
    told = terminal.says("--new-token", "ci", code=6)
    assert "there is a token ci; `airut dashboard --revoke ci` ends it" in told
    (listed,) = json.loads(terminal.says("--tokens", "--json"))["tokens"]
    assert (listed["name"], listed["role"]) == ("ci", "viewer")
    assert terminal.says("--revoke", "ci") == "ci is revoked"
    assert "no token ci; `airut dashboard --tokens` lists them" in terminal.says("--revoke", "ci", code=5)
    assert terminal.recorded() == [
        ("login.offered", "token:ci", {"role": "viewer"}),
        ("login.revoked", "token:ci", {}),
    ]


def test_a_link_is_told_and_never_recorded(terminal: Terminal) -> None:
    link = terminal.says("--link")
    assert link.startswith("https://airut.example.org/login?key=")
    assert terminal.says("--log-out") == "0 sessions ended"
    recorded = terminal.recorded()
    assert recorded == [("login.offered", "link", {"role": "admin"}), ("login.revoked", "everybody", {"sessions": 0})]
    assert link.partition("key=")[2] not in str(recorded)
