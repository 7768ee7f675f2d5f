"""Entries are chained, on disk, and written by one process at a time, whatever happens to the writers."""

import asyncio
import fcntl
import json
import multiprocessing
import os
import resource
import signal
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from airut.adapters.audit import AuditLog, newest, verified
from airut.adapters.audit.chain import GENESIS, canonical, seal
from airut.adapters.audit.log import ROTATED_AT
from airut.adapters.audit.segments import head_file, segments
from airut.errors import AuditUnavailable
from airut.models.credentials.redaction import Redactor
from airut.models.telemetry.audit import AuditAction, AuditEvent


def event(number: int = 0, **detail: str | int | tuple[str, ...]) -> AuditEvent:
    return AuditEvent(actor="ann@example.com", action=AuditAction.THREAD_COMMAND, object=f"web/{number}", detail=detail)


def written(path: Path, count: int, rotated_at: int = ROTATED_AT) -> AuditLog:
    log = AuditLog(path, rotated_at=rotated_at)
    for number in range(count):
        log.append(event(number))
    return log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


async def test_an_entry_says_who_what_when_and_seals_all_before_it(path: Path) -> None:
    log = AuditLog(path, config_digest=lambda: "c0ffee")
    await log.record(event(1, command="stop"))
    await log.record(event(2, names=("A", "B")))
    first, second = (json.loads(line) for line in path.read_text().splitlines())
    assert {**first, "time": "", "hash": ""} == {
        "seq": 1, "time": "", "actor": "ann@example.com", "action": "thread.command", "object": "web/1",
        "detail": {"command": "stop"}, "config_digest": "c0ffee", "prev": GENESIS, "hash": "",
    }  # fmt: skip
    assert (second["seq"], second["prev"], second["detail"]) == (2, first["hash"], {"names": ["A", "B"]})
    hashed = second.pop("hash")
    assert hashed == seal(first["hash"], second)
    assert canonical({"b": "ü", "a": 1}) == '{"a":1,"b":"ü"}'.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_said_once_is_one_entry_whoever_says_it_again(path: Path) -> None:
    once = event(1, command="stop", names=("A", "B")).model_copy(update={"once": True})
    first = AuditLog(path, rotated_at=1).append(once)
    AuditLog(path, rotated_at=1).append(event(2))
    assert AuditLog(path, rotated_at=1).append(once) == first
    for other in (
        once.model_copy(update={"detail": {"command": "close"}}),
        once.model_copy(update={"object": "web/11"}),
    ):
        AuditLog(path, rotated_at=1).append(other)
    assert [entry.object for entry in newest(path)] == ["web/11", "web/1", "web/2", "web/1"]
    assert verified(path).broken is None


def test_no_secret_and_no_long_text_gets_in(path: Path) -> None:
    redactor = Redactor({"hunter2-hunter2": "***"})
    AuditLog(path, redactor=redactor).append(event(1, text="is hunter2-hunter2 " + "x" * 1000, odd="\ud800"))
    (entry,) = newest(path)
    assert entry.detail["text"] == ("is *** " + "x" * 1000)[:500]
    assert entry.detail["odd"] == "?"
    assert verified(path).broken is None


def test_a_full_file_is_put_aside_and_the_chain_goes_on(path: Path) -> None:
    log = written(path, 10, rotated_at=1000)
    files = segments(path)
    assert [file.name for file in files[:2]] == ["audit-000000000001.jsonl", "audit-000000000005.jsonl"]
    assert files[-1] == path
    assert all(file.stat().st_size < 1300 for file in files)
    last, first = files[0].read_text().splitlines()[-1], files[1].read_text().splitlines()[0]
    assert json.loads(first)["prev"] == json.loads(last)["hash"]
    verdict = verified(path)
    assert (verdict.first, verdict.last, verdict.hash, verdict.broken) == (1, 10, log.head().hash, None)
    assert [entry.seq for entry in newest(path)] == list(range(10, 0, -1))
    assert [entry.seq for entry in newest(path, before=4)] == [3, 2, 1]
    files[0].unlink()  # put away by the operator
    assert (verified(path).first, verified(path).broken) == (5, None)


def test_killed_right_after_a_file_was_put_aside(path: Path) -> None:
    written(path, 4, rotated_at=900)
    path.rename(path.with_name("audit-000000000001.jsonl"))
    written(path, 1)
    assert (verified(path).last, verified(path).broken) == (5, None)
    counted_late = head_file(path).read_bytes()
    written(path, 1)
    head_file(path).write_bytes(counted_late)  # it was killed before this was counted
    written(path, 1)
    assert (verified(path).last, verified(path).broken) == (7, None)


def test_half_an_entry_of_a_killed_writer_is_cut_off_and_told(path: Path) -> None:
    written(path, 2)
    with path.open("ab") as file:
        file.write(b'{"actor":"somebody","act')
    assert verified(path).broken is None
    written(path, 1)
    assert [(entry.seq, entry.action, entry.detail) for entry in newest(path)][:2] == [
        (4, "thread.command", {}),
        (3, "audit.repaired", {"bytes": 24}),
    ]
    assert verified(path).broken is None


def _append(path: Path, name: str, count: int) -> None:
    log = AuditLog(path)
    for number in range(count):
        log.append(AuditEvent(actor=name, action=AuditAction.LOGIN, object=str(number)))


def test_processes_take_turns_and_a_kill_loses_nothing_that_was_recorded(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    endless = context.Process(target=_append, args=(path, "endless", 1_000_000))
    other = context.Process(target=_append, args=(path, "other", 20))
    endless.start()
    other.start()
    other.join()
    while sum(entry.actor == "endless" for entry in newest(path)) < 10:
        assert endless.is_alive()
    counted = verified(path).last
    os.kill(endless.pid or 0, signal.SIGKILL)
    endless.join()
    assert other.exitcode == 0
    assert AuditLog(path).head().seq >= counted
    written(path, 1)
    assert verified(path).broken is None
    by_other = [int(entry.object) for entry in newest(path) if entry.actor == "other"]
    assert by_other == list(range(19, -1, -1))


def test_a_second_writer_is_refused_while_another_holds_the_log(path: Path) -> None:
    written(path, 1)
    with head_file(path).open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AuditUnavailable) as refused:
            AuditLog(path, patience=0.05).append(event())
    assert str(refused.value) == (
        f"the audit log {path} cannot be written: another writer has held it for 0.05 s; `lslocks` names the process"
    )
    assert verified(path).last == 1


def _remove(path: Path) -> None:
    path.unlink()


def _shorten(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))


def _forge(path: Path) -> None:
    with path.open("ab") as file:
        file.write(path.read_bytes().splitlines(keepends=True)[0])


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (_remove, "it is gone, and had 3 entries; put it back, or remove {head} to begin another one"),
        (_shorten, "it was shortened, from {size} to {left} bytes; put it back, or move it away with {head} to begin "
         "another one"),
        (_forge, "the entry after number 3 has number 1 where 4 follows; `airut audit verify` shows the place"),
    ],
)  # fmt: skip
def test_a_log_that_was_tampered_with_takes_no_entry(path: Path, harm: Callable[[Path], None], why: str) -> None:
    written(path, 3)
    size = path.stat().st_size
    harm(path)
    left = path.stat().st_size if path.exists() else 0
    with pytest.raises(AuditUnavailable) as refused:
        AuditLog(path).append(event())
    words = why.format(head=head_file(path), size=size, left=left)
    assert str(refused.value) == f"the audit log {path} cannot be written: {words}"


def test_a_full_disk_refuses_and_leaves_the_log_whole(path: Path) -> None:
    log = written(path, 2)
    size = path.stat().st_size
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, limits[1]))
    try:
        with pytest.raises(AuditUnavailable) as refused:
            log.append(event())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert "cannot be written: " in str(refused.value)
    assert (path.stat().st_size, verified(path).last) == (size, 2)
    log.append(event())
    assert (verified(path).last, verified(path).broken) == (3, None)


def test_without_its_head_file_a_log_is_read_anew(path: Path) -> None:
    written(path, 5, rotated_at=1000)
    head_file(path).unlink()
    written(path, 1)
    assert (verified(path).last, verified(path).broken) == (6, None)


async def test_records_of_one_process_do_not_overlap(path: Path) -> None:
    log = AuditLog(path)
    await asyncio.gather(*(log.record(event(number)) for number in range(20)))
    assert (verified(path).last, verified(path).broken) == (20, None)
