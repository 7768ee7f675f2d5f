"""What may be taken away from a host, and what stays in doubt."""

from datetime import timedelta

import pytest

from airut.models.sweep import (
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
)
from tests.support.messages import NOON

HOUR = timedelta(hours=1)
OPEN, CLOSED, UNKNOWN = (Standing(life=life) for life in (Life.OPEN, Life.CLOSED, Life.UNKNOWN))
HERE, ELSEWHERE = (Standing(life=Life.OPEN, host=host) for host in ("here", "elsewhere"))


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
        (sandbox(), OPEN, ELSEWHERE, True),
        (sandbox(), CLOSED, HERE, True),
        (sandbox(), UNKNOWN, UNKNOWN, True),
        (sandbox(), UNKNOWN, HERE, True),
        (sandbox(), OPEN, CLOSED, False),
        (sandbox(), None, ELSEWHERE, False),
        (sandbox(), None, None, False),
        (sandbox(), CLOSED, None, False),
        (sandbox(age=timedelta(minutes=9)), CLOSED, CLOSED, False),
        (sandbox(age=timedelta(minutes=9)), OPEN, ELSEWHERE, False),
        (sandbox("cli", age=timedelta(minutes=39)), None, None, False),
        (sandbox("cli", age=timedelta(minutes=41)), None, None, True),
        (sandbox(thread="web/schedule/nightly.1", age=timedelta(minutes=39)), UNKNOWN, UNKNOWN, False),
        (sandbox(thread="web/schedule/nightly.1", age=timedelta(minutes=41)), None, None, True),
    ],
)
def test_sandboxes(found: OwnedSandbox, task: Standing | None, thread: Standing | None, goes: bool) -> None:
    assert sandbox_goes(found, task, thread, "here", NOON) is goes


@pytest.mark.parametrize(
    ("standing", "missing_for", "goes"),
    [
        (OPEN, GONE_FOR * 2, False),
        (HERE, GONE_FOR * 2, False),
        (ELSEWHERE, None, True),
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
    assert folder_goes("t", standing, "here", NOON, SweepMemory(missing=missing)) is goes


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
