"""`airut check` as its process runs it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from workers.check import main

CONFIG = """\
config_version: 1
state_dir: {state}
repos:
  web:
    url: http://127.0.0.1:9/acme/web.git
    agent: {{auth: {{api_key: !env KEY}}, binary: {binary}}}
    forge: {{kind: none}}
    channels: {{console: {{}}}}
"""

type Found = dict[str, tuple[str, str, str]]
"""State, words and remedy, by check."""


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Found]]:
    """On a machine without Podman."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("git", "chmod"):
        (tools / name).symlink_to(shutil.which(name) or name)
    for name, value in {"HOME": tmp_path, "KEY": "k" * 20, "XDG_RUNTIME_DIR": tmp_path, "PATH": tools}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("AIRUT_CONFIG", raising=False)

    def run(*options: str) -> tuple[int, Found]:
        code = main(["--json", *options])
        findings = json.loads(capfd.readouterr().out)["findings"]
        return code, {each["check"]: (each["state"], each["says"], each["remedy"]) for each in findings}

    return run


def test_without_a_configuration_the_machine_is_looked_at(check: Callable[..., tuple[int, Found]]) -> None:
    code, found = check()
    assert code == 1
    assert found["configuration"][:2] == (
        "fail",
        "no configuration: give --config, set AIRUT_CONFIG, or write one of "
        "~/.config/airut/airut.yaml, /etc/airut/airut.yaml",
    )
    assert found["podman"][:2] == ("fail", "there is no `podman` on this host: install it (rootless, 4.3 or newer)")
    assert {"git", "kernel", "subuid", "disk"} <= set(found)
    assert "blobs" not in found


def test_a_configuration_that_is_wrong(tmp_path: Path, check: Callable[..., tuple[int, Found]]) -> None:
    (file := tmp_path / "airut.yaml").write_text("config_version: 1\nrepos: {}\nhosts: 1\n")
    code, found = check("--config", str(file))
    assert code == 1
    assert found["configuration"][0] == "fail"
    assert found["configuration"][1].startswith(f"{file}:3:")
    assert "hosts: unknown key" in found["configuration"][1]
    assert found["configuration"][2] == "correct the line; nothing that needs the configuration was looked at"


def test_what_can_be_mended_is_and_nothing_else(tmp_path: Path, check: Callable[..., tuple[int, Found]]) -> None:
    (binary := tmp_path / "claude").write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    (file := tmp_path / "airut.yaml").write_text(CONFIG.format(state=tmp_path / "state", binary=binary))
    (dotenv := tmp_path / ".env").write_text("KEY=unused-value-of-it\n")
    dotenv.chmod(0o644)
    _, before = check("--config", str(file))
    assert before["secrets file"] == ("warn", f"{dotenv} can be read by others", f"run `chmod 600 {dotenv}`")
    assert before["secrets"] == ("ok", "1, each can be read", "")
    assert before["temporal"] == ("ok", "embedded; it starts with `airut up`", "")
    assert before["blobs"] == ("ok", f"can be written and read ({tmp_path / 'state' / 'blobs'})", "")
    assert before["web agent"] == ("ok", str(binary), "")
    assert before["web forge"] == ("ok", "none: branches are pushed, and replies name them", "")
    assert before["web repository"][0] == "fail"
    _, after = check("--config", str(file), "--fix")
    assert "secrets file" not in after
    assert dotenv.stat().st_mode & 0o777 == 0o600
