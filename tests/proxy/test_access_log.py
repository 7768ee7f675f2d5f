"""The access log: redaction, bounds, rotation, a full disk."""

import json
import os
from pathlib import Path

import pytest

from proxy import access_log
from proxy.access_log import AccessLog, Redactor, ulid
from proxy.rules import Sandbox

SANDBOX = Sandbox("sb", "thread-1", "task-1", 2)


@pytest.fixture
def log(tmp_path: Path) -> AccessLog:
    made = AccessLog(tmp_path / "network.jsonl")
    made.use(SANDBOX, [("TOKEN", "s3cret/va+lue")])
    return made


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "network.jsonl").read_text().splitlines()]


def test_a_line(log: AccessLog, tmp_path: Path) -> None:
    log.write("http", {"host": "a.test", "status": None, "credentials": ("A",), "stripped": ()})
    (line,) = lines(tmp_path)
    assert str(line.pop("time")).endswith("Z")
    assert line == {
        "kind": "http", "thread": "thread-1", "task": "task-1", "attempt": 2, "host": "a.test", "credentials": ["A"],
    }  # fmt: skip
    assert (tmp_path / "network.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_line_names_the_trace_that_it_belongs_to(log: AccessLog, tmp_path: Path) -> None:
    log.use(Sandbox("sb", "thread-1", "task-1", 2, "0af7651916cd43dd8448eb211c80319c"), [])
    log.write("http", {"host": "a.test"})
    assert lines(tmp_path)[0]["trace_id"] == "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("form", ["s3cret/va+lue", "s3cret%2Fva%2Blue", "czNjcmV0L3ZhK2x1ZQ=="])
def test_values_are_redacted(log: AccessLog, tmp_path: Path, form: str) -> None:
    log.write("http", {"path": f"/x/{form}/y"})
    text = (tmp_path / "network.jsonl").read_text()
    assert form not in text
    assert "[redacted:TOKEN]" in text


def test_a_value_with_quotes_is_redacted_where_json_escapes_it() -> None:
    assert Redactor([("A", 'pass"word')]).redact(json.dumps('pass"word')) == '"[redacted:A]"'


def test_terminal_and_line_injection(log: AccessLog, tmp_path: Path) -> None:
    log.write("http", {"path": "/a\n{}\x1b[2J\u2028"})
    assert (tmp_path / "network.jsonl").read_text().count("\n") == 1
    assert "\x1b" not in (tmp_path / "network.jsonl").read_text()


def test_long_values_are_cut(log: AccessLog, tmp_path: Path) -> None:
    log.write("http", {"path": "a" * 5_000})
    assert lines(tmp_path)[0]["path"] == "a" * 999 + "…"


def test_rotation(log: AccessLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "MAX_FILE", 400)  # 64 MiB would make a slow test
    for number in range(20):
        log.write("http", {"path": f"/{number}" + "x" * 100})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network.jsonl", "network.jsonl.1", "network.jsonl.2"]
    assert lines(tmp_path)[-1]["path"] == "/19" + "x" * 100


def test_a_disk_that_is_full_and_then_is_not(tmp_path: Path) -> None:
    log = AccessLog(tmp_path / "missing" / "network.jsonl")
    log.write("http", {"path": "/1"})
    assert not log.is_writable()
    (tmp_path / "missing").mkdir()
    assert log.is_writable()
    assert lines(tmp_path / "missing")[0]["path"] == "/1"


def test_dev_full_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "network.jsonl").symlink_to("/dev/full")
    log = AccessLog(tmp_path / "network.jsonl")
    log.write("http", {"path": "/1"})
    assert not log.is_writable()


def test_request_ids_sort_by_time() -> None:
    assert len(ulid()) == 26
    assert ulid(1_000.0) < ulid(1_000.002) < ulid(2_000.0)
    assert ulid(0.0)[:10] == "0" * 10
    assert os.urandom(1) is not None
