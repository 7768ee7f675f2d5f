"""`airut audit`: needs no server, and says where the log is broken."""

import json
from pathlib import Path

import pytest

from airut.adapters.audit import AuditLog
from airut.cli.main import execute
from airut.models.telemetry.audit import AuditAction, AuditEvent

CONFIG = """
config_version: 1
state_dir: {folder}
repos:
  web: {{url: https://github.com/acme/web.git, channels: {{console: {{}}}}, agent: {{auth: {{api_key: sk-ant-invented}}}}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "airut.yaml").write_text(CONFIG.format(folder=tmp_path))
    return tmp_path / "audit.jsonl"


def run(file: Path, *arguments: str) -> int:
    return execute(["--config", str(file.with_name("airut.yaml")), "audit", *arguments])


def fill(file: Path) -> AuditLog:
    log = AuditLog(file)
    for actor, action, thing in (
        ("ann", AuditAction.MESSAGE_ACCEPTED, "web/mail/a"),
        ("airut", AuditAction.TASK_STARTED, "web/mail/a/task-1"),
        ("airut", AuditAction.TASK_ENDED, "web/mail/a/task-1"),
        ("bob\x1b[2J", AuditAction.LOGIN, "dashboard"),
    ):
        log.append(AuditEvent(actor=actor, action=action, object=thing, detail={"n": 1, "names": ("x", "y")}))
    return log


def test_a_whole_log_is_ok(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(file, "verify") == 0
    assert capsys.readouterr().out == f"ok: {file} has no entries yet\n"
    head = fill(file).head()
    assert run(file, "verify", "--head", f"4:{head.hash}") == 0
    assert capsys.readouterr().out == f"ok: entries 1 to 4, head 4:{head.hash}\n"
    assert run(file, "verify", "--head", "4:abc") == 2
    assert capsys.readouterr().err == "'4:abc' is no head; the log has them as `audit head N:HASH`\n"


def test_a_broken_one_names_the_first_entry_that_is_not_as_it_was(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(file)
    file.write_bytes(file.read_bytes().replace(b"task.started", b"task.stopped"))
    assert run(file, "verify") == 1
    assert capsys.readouterr().out == "entry 2 was changed: its hash is another one (audit.jsonl, line 2)\n"
    assert run(file, "verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["broken"] == {
        "seq": 2, "file": "audit.jsonl", "line": 2, "why": "was changed: its hash is another one",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ((), [1, 2, 3, 4]),
        (("-n", "2"), [3, 4]),
        (("--action", "task"), [2, 3]),
        (("--action", "task.ended"), [3]),
        (("--of", "web/mail/a"), [1, 2, 3]),
        (("--actor", "ann"), [1]),
    ],
)
def test_what_is_shown(
    file: Path, arguments: tuple[str, ...], numbers: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    fill(file)
    assert run(file, "show", "--json", *arguments) == 0
    assert [entry["seq"] for entry in json.loads(capsys.readouterr().out)["entries"]] == numbers
    assert run(file, "show", *arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [int(line.split()[0]) for line in lines] == numbers
    assert not any("\x1b" in line for line in lines)
