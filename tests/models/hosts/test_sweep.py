"""What may be taken away from a host, and what stays in doubt."""

from datetime import timedelta

import pytest

from airut.models.hosts.sweep import (
    GONE_FOR,
    Life,
    Missing,
    OwnedSandbox,
    Standing,
    SweepMemory,
    folder_goes,
    prune_is_due,
    remembered,
    sandbox_goes,
    seen_elsewhere,
)
from tests.support.messages import NOON

HOUR = timedelta(hours=1)
OPEN, CLOSED, UNKNOWN = (Standing(life=life) for life in (Life.OPEN, Life.CLOSED, Life.UNKNOWN))
HERE, ELSEWHERE = (Standing(life=Life.OPEN, host=host) for host in ("here", "elsewhere"))

MOVED = (
    Missing(thread="moved", since=NOON - timedelta(minutes=10)),
    Missing(thread="just moved", since=NOON - timedelta(minutes=9)),
)


def sandbox(owner: str = "task", thread: str = "web/mail/a", age: timedelta = HOUR) -> OwnedSandbox:
    started = NOON - age
    return OwnedSandbox(
        sandbox_id="s",
        owner=owner,
        thread=thread,
        task=f"{thread}/task-1",
        started=started,
        ends=started + timedelta(minutes=30),
    )


@pytest.mark.parametrize(
    ("found", "task", "thread", "goes"),
    [
        (sandbox(), OPEN, OPEN, False),
        (sandbox(), OPEN, HERE, False),
        (sandbox(), OPEN, ELSEWHERE, False),
        (sandbox(thread="moved"), OPEN, ELSEWHERE, True),
        (sandbox(thread="just moved"), OPEN, ELSEWHERE, False),
        (sandbox(thread="moved"), None, ELSEWHERE, False),
        (sandbox(), CLOSED, HERE, True),
        (sandbox(), UNKNOWN, UNKNOWN, True),
        (sandbox(), UNKNOWN, HERE, True),
        (sandbox(), OPEN, CLOSED, False),
        (sandbox(), None, ELSEWHERE, False),
        (sandbox(), None, None, False),
        (sandbox(), CLOSED, None, False),
        (sandbox(age=timedelta(minutes=9)), CLOSED, CLOSED, False),
        (sandbox(thread="moved", age=timedelta(minutes=9)), OPEN, ELSEWHERE, False),
        (sandbox("cli", age=timedelta(minutes=39)), None, None, False),
        (sandbox("cli", age=timedelta(minutes=41)), None, None, True),
        (sandbox(thread="web/schedule/nightly.1", age=timedelta(minutes=39)), UNKNOWN, UNKNOWN, False),
        (sandbox(thread="web/schedule/nightly.1", age=timedelta(minutes=41)), None, None, True),
    ],
)
def test_sandboxes(found: OwnedSandbox, task: Standing | None, thread: Standing | None, goes: bool) -> None:
    assert sandbox_goes(found, task, thread, NOON, SweepMemory(elsewhere=MOVED)) is goes


@pytest.mark.parametrize(
    ("standing", "missing_for", "goes"),
    [
        (OPEN, GONE_FOR * 2, False),
        (HERE, GONE_FOR * 2, False),
        (ELSEWHERE, None, False),
        (None, GONE_FOR * 2, False),
        (CLOSED, None, False),
        (CLOSED, GONE_FOR - HOUR, False),
        (CLOSED, GONE_FOR, True),
        (UNKNOWN, GONE_FOR, True),
        (UNKNOWN, timedelta(0), False),
    ],
)
def test_folders(standing: Standing | None, missing_for: timedelta | None, goes: bool) -> None:
    missing = () if missing_for is None else (Missing(thread="t", since=NOON - missing_for),)
    assert folder_goes("t", standing, NOON, SweepMemory(missing=missing)) is goes


@pytest.mark.parametrize(("thread", "goes"), [("moved", True), ("just moved", False), ("another", False)])
def test_folders_of_moved_threads(thread: str, goes: bool) -> None:
    assert folder_goes(thread, ELSEWHERE, NOON, SweepMemory(elsewhere=MOVED)) is goes
    assert folder_goes(thread, None, NOON, SweepMemory(elsewhere=MOVED)) is False


def test_who_is_seen_elsewhere() -> None:
    standings = {"moved": ELSEWHERE, "new": ELSEWHERE, "here": HERE, "silent": OPEN, "no answer": None, "over": CLOSED}
    assert seen_elsewhere((*MOVED, Missing(thread="here", since=NOON - HOUR)), standings, "here", NOON) == (
        MOVED[0],
        Missing(thread="new", since=NOON),
    )


def test_what_is_remembered() -> None:
    before = tuple(Missing(thread=name, since=NOON - HOUR) for name in ("closed", "open again", "no answer", "gone"))
    found = remembered(
        before,
        {"closed": CLOSED, "open again": OPEN, "no answer": None, "new": UNKNOWN, "new, no answer": None},
        NOON,
    )
    assert found == (
        Missing(thread="closed", since=NOON - HOUR),
        Missing(thread="no answer", since=NOON - HOUR),
        Missing(thread="new", since=NOON),
    )


@pytest.mark.parametrize(
    ("pruned", "free", "due"), [(None, 0.9, True), (HOUR, 0.9, False), (HOUR, 0.14, True), (24 * HOUR, 0.9, True)]
)
def test_images_are_pruned_daily_and_when_the_disk_fills(pruned: timedelta | None, free: float, due: bool) -> None:
    memory = SweepMemory(pruned_at=None if pruned is None else NOON - pruned)
    assert prune_is_due(memory, free, NOON) is due
