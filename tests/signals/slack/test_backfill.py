"""Reading what was written while nobody listened: what, in which order, and how far back."""

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio.service import RPCError, RPCStatusCode

from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.ports.slack import SlackAway, SlackPlace
from signals.slack.backfill import TRIES, SlackBackfill
from signals.slack.watermarks import Watermarks

GONE = RPCError("connection refused", RPCStatusCode.UNAVAILABLE, b"")
DAY = 24 * 3600.0
NOW = 10 * DAY
Json = dict[str, Any]


class History:
    """Three conversations; `written` holds what stands where, as (channel, seconds, thread)."""

    def __init__(self, *written: tuple[str, float, float | None]) -> None:
        self.written = written
        self.read: list[tuple[str, float | None]] = []

    async def places(self) -> tuple[SlackPlace, ...]:
        return (
            SlackPlace(id="C1", name="general", kind="channel"),
            SlackPlace(id="G1", name="private", kind="group"),
            SlackPlace(id="D1", kind="im"),
        )

    async def public_names(self) -> frozenset[str]:
        raise NotImplementedError

    async def posts(self, channel: str, oldest: float) -> AsyncIterator[Json]:
        self.read.append((channel, None))
        for id_, at, thread in reversed(self.written):
            if id_ == channel and thread is None and at > oldest:
                replies = [when for where, when, of in self.written if where == id_ and of == at]
                yield post(at, latest_reply=str(max(replies))) if replies else post(at)

    async def replies(self, channel: str, thread_ts: str, oldest: float) -> AsyncIterator[Json]:
        self.read.append((channel, float(thread_ts)))
        for id_, at, thread in self.written:
            if id_ == channel and thread == float(thread_ts) and at > oldest:
                yield post(at, thread_ts=thread_ts)


def post(at: float, **more: Any) -> Json:
    return {"ts": str(at), "text": f"at {at:.0f}", "user": "U1", **more}


class Late:
    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []
        self.ours: Collection[tuple[str, str]] = ()

    async def tell(self, events: Sequence[Mapping[str, Any]], ours: Collection[tuple[str, str]]) -> None:
        self.told += [(event["channel"], float(event["ts"])) for event in events]
        self.ours = ours


def backfill(
    history: History,
    path: Path,
    *threads: tuple[str, float],
    now: float = NOW,
    late: Late | None = None,
    **settings: Any,
) -> SlackBackfill:
    async def open_threads() -> frozenset[tuple[str, str]]:
        return frozenset((channel, str(ts)) for channel, ts in threads)

    tokens = {"bot_token": Secret("xoxb-1"), "app_token": Secret("xapp-1")}
    channel = SlackChannel.model_validate({**tokens, "authorized": [{"workspace_members": True}], **settings})
    return SlackBackfill(channel, history, open_threads, Watermarks(path), late, clock=lambda: now)


async def handed_over(found: SlackBackfill) -> list[tuple[str, str, float]]:
    events: list[Mapping[str, Any]] = []

    async def handle(event: Mapping[str, Any]) -> None:
        events.append(event)

    assert await found.run(handle) == len(events)
    return [(event["channel"], event["channel_type"], float(event["ts"])) for event in events]


async def test_everything_of_the_last_day_in_order(tmp_path: Path) -> None:
    history = History(
        ("C1", NOW - 2 * DAY, None),  # too old
        ("C1", NOW - 300, None),
        ("C1", NOW - 100, NOW - 300),  # a reply, whose parent tells of it
        ("D1", NOW - 200, None),
        ("C1", NOW - 50, NOW - 2 * DAY),  # a reply in an old thread that is open
        ("G1", NOW - 20, NOW - 3 * DAY),  # one in an old thread that nobody knows
    )
    found = backfill(history, tmp_path / "marks", ("C1", NOW - 2 * DAY), ("C9", NOW - 5))
    assert await handed_over(found) == [
        ("C1", "channel", NOW - 300),
        ("D1", "im", NOW - 200),
        ("C1", "channel", NOW - 100),
        ("C1", "channel", NOW - 50),
    ]


async def test_what_is_too_old_is_told_and_not_run(tmp_path: Path) -> None:
    """As far back as the last time, but never more than a week further."""
    (tmp_path / "marks").write_text(json.dumps({"C1": NOW - 3 * DAY, "D1": NOW - 9 * DAY}))
    history = History(
        ("D1", NOW - 8.5 * DAY, None),  # nobody waits for it any more
        ("D1", NOW - 7.5 * DAY, None),
        ("C1", NOW - 4 * DAY, None),  # known
        ("C1", NOW - 2 * DAY, None),
        ("C1", NOW - 1.5 * DAY, NOW - 6 * DAY),  # in a thread of ours
        ("C1", NOW - 300, None),
        ("G1", NOW - 2 * DAY, None),  # a channel that we are new in
    )
    late = Late()
    found = backfill(history, tmp_path / "marks", ("C1", NOW - 6 * DAY), late=late)
    assert await handed_over(found) == [("C1", "channel", NOW - 300)]
    assert late.told == [("D1", NOW - 7.5 * DAY), ("C1", NOW - 2 * DAY), ("C1", NOW - 1.5 * DAY)]
    assert late.ours == {("C1", str(NOW - 6 * DAY))}
    marks = json.loads((tmp_path / "marks").read_text())
    assert marks == {"C1": NOW - 300, "D1": NOW - 7.5 * DAY, "G1": NOW - DAY}


async def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    history = History(("C1", NOW - 300, None), ("D1", NOW - 200, None))
    await handed_over(backfill(history, tmp_path / "marks"))
    assert json.loads((tmp_path / "marks").read_text()) == {"C1": NOW - 300, "D1": NOW - 200, "G1": NOW - DAY}
    history.written += (("C1", NOW + 5, None), ("C1", NOW + 6, NOW - 300))
    assert await handed_over(backfill(history, tmp_path / "marks", now=NOW + 10)) == [
        ("C1", "channel", NOW + 5),
        ("C1", "channel", NOW + 6),
    ]


async def test_what_comes_to_a_channel_while_its_threads_are_read_is_read_the_next_time(tmp_path: Path) -> None:
    """The thread's answer is newer than a post that its channel did not have when that was read."""
    history = History(("C1", NOW - 400, None), ("C1", NOW - 350, NOW - 400), ("C1", NOW + 2, NOW - 400))
    await handed_over(backfill(history, tmp_path / "marks"))
    assert json.loads((tmp_path / "marks").read_text())["C1"] == NOW - 350
    history.written += (("C1", NOW + 1, None),)
    assert await handed_over(backfill(history, tmp_path / "marks", now=NOW + 10)) == [
        ("C1", "channel", NOW + 1),
        ("C1", "channel", NOW + 2),
    ]


@pytest.mark.parametrize("content", ["", "no json", "[1]", '{"C1": "x"}'])
async def test_marks_that_cannot_be_read_are_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "marks").write_text(content)
    history = History(("C1", NOW - 300, None))
    assert await handed_over(backfill(history, tmp_path / "marks")) == [("C1", "channel", NOW - 300)]


async def test_where_slack_allows_few_calls_channels_are_left_out(tmp_path: Path) -> None:
    history = History(("C1", NOW - 300, None), ("D1", NOW - 200, None), ("C1", NOW - 100, NOW - 2 * DAY))
    found = backfill(history, tmp_path / "marks", ("C1", NOW - 2 * DAY), history_tier="restricted")
    assert await handed_over(found) == [("D1", "im", NOW - 200), ("C1", "channel", NOW - 100)]
    assert history.read == [("D1", None), ("C1", NOW - 2 * DAY)]


async def test_channels_can_be_left_to_themselves(tmp_path: Path) -> None:
    history = History(("C1", NOW - 300, None), ("D1", NOW - 200, None))
    found = backfill(history, tmp_path / "marks", backfill={"channels": False})
    assert await handed_over(found) == [("D1", "im", NOW - 200)]


@pytest.mark.parametrize("error", [SlackAway("users.info"), OSError("refused"), TimeoutError(), GONE])
async def test_while_somebody_is_away_nothing_counts_as_read(tmp_path: Path, error: Exception) -> None:
    history = History(("C1", NOW - 300, None), ("C1", NOW - 200, None))
    found = backfill(history, tmp_path / "marks")

    async def handle(event: Mapping[str, Any]) -> None:
        raise error

    for _ in range(TRIES + 2):
        with pytest.raises(type(error)):
            await found.run(handle)
    assert not (tmp_path / "marks").exists()
    assert len(await handed_over(found)) == 2


@pytest.mark.parametrize(
    "error", [ValueError("ours"), RPCError("too large", RPCStatusCode.INVALID_ARGUMENT, b"")], ids=["ours", "refused"]
)
async def test_a_post_that_cannot_be_handed_over_is_passed_over(tmp_path: Path, error: Exception) -> None:
    history = History(("C1", NOW - 300, None), ("C1", NOW - 200, None))
    found = backfill(history, tmp_path / "marks")
    handled: list[float] = []

    async def handle(event: Mapping[str, Any]) -> None:
        if float(event["ts"]) == NOW - 300:
            raise error
        handled.append(float(event["ts"]))

    for _ in range(TRIES - 1):
        with pytest.raises(type(error)):
            await found.run(handle)
    await found.run(handle)
    assert handled == [NOW - 200]
    assert json.loads((tmp_path / "marks").read_text())["C1"] == NOW - 200
