"""What was written so long ago that it is not run: who is told, and how often."""

from collections.abc import Collection
from typing import Any

import pytest

from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.ports.slack import SlackAway
from signals.slack.gate import SlackGate
from signals.slack.late import NOTE, SlackLate
from signals.slack.places import SlackPlaces
from tests.signals.slack.test_authorization import Directory
from tests.signals.slack.test_backfill import History
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN

US = "<@U0>"
Json = dict[str, Any]


class Notes:
    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.away = False

    async def note(self, channel: str, thread_ts: str, key: str, text: str) -> None:
        if self.away:
            raise SlackAway("chat.postMessage")
        assert text == NOTE
        self.said.append((channel, thread_ts, key))

    async def react(self, channel: str, ts: str, name: str) -> None:
        raise AssertionError("nothing was accepted")

    async def whisper(self, channel: str, user: str, text: str) -> None:
        raise AssertionError("nobody asks any more")


def late(notes: Notes, most: int = 20) -> SlackLate:
    tokens = {"bot_token": Secret(BOT_TOKEN), "app_token": Secret(APP_TOKEN)}
    settings = SlackChannel.model_validate({**tokens, "authorized": [{"workspace_members": True}]})
    directory = Directory()
    gate = SlackGate("web", settings, directory, SlackPlaces((), History()), notes)
    return SlackLate(directory, gate, notes, most)


def post(ts: float, text: str, channel: str = "C1", user: str = "U1", thread: float | None = None, **more: Any) -> Json:
    in_thread = {} if thread is None else {"thread_ts": str(thread)}
    kind = "im" if channel.startswith("D") else "channel"
    return {"type": "message", "channel": channel, "channel_type": kind, "user": user, "text": text, "ts": str(ts),
            **in_thread, **more}  # fmt: skip


OURS = {("C1", "1.0")}


@pytest.mark.parametrize(
    ("event", "noted"),
    [
        (post(5.0, f"{US} do it"), True),
        (post(5.0, "hello", channel="D1"), True),
        (post(5.0, "people talking"), False),
        (post(5.0, "go on", thread=1.0), True),
        (post(5.0, "// not for it", thread=1.0), False),
        (post(5.0, "go on", thread=2.0), False),  # a thread of others
        (post(5.0, f"{US} do it", user="U3"), False),  # a guest, whom nobody let in
        (post(5.0, f"{US} do it", user="U6"), False),
        (post(5.0, f"{US} done", bot_id="B1"), False),
        (post(5.0, f"{US} do it", reactions=[{"name": "eyes", "users": ["U2", "U0"]}]), False),
        (post(5.0, f"{US} do it", reply_users=["U2", "U0"]), False),
        (post(5.0, f"{US} do it", reactions=[{"name": "eyes", "users": ["U2"]}], reply_users=["U2"]), True),
    ],
)
async def test_who_has_spoken_to_us_and_saw_no_sign(event: Json, noted: bool) -> None:
    notes = Notes()
    await late(notes).tell([event], OURS)
    assert bool(notes.said) is noted


async def test_one_note_a_thread_and_no_more_than_so_many_of_the_newest() -> None:
    notes = Notes()
    one = late(notes, most=2)
    events = [post(float(ts), f"{US} do it") for ts in (10, 30, 20)]
    ours: Collection[tuple[str, str]] = {("C1", "30.0")}
    await one.tell([*events, post(40.0, "and this", thread=30.0)], ours)
    assert notes.said == [("C1", "30.0", "late/C1/40.0"), ("C1", "20.0", "late/C1/20.0")]
    await one.tell([post(50.0, f"{US} do it")], ours)
    assert len(notes.said) == 2


async def test_what_could_not_be_said_is_said_the_next_time() -> None:
    notes = Notes()
    one = late(notes, most=1)
    notes.away = True
    with pytest.raises(SlackAway):
        await one.tell([post(5.0, f"{US} do it")], OURS)
    notes.away = False
    await one.tell([post(5.0, f"{US} do it")], OURS)
    assert notes.said == [("C1", "5.0", "late/C1/5.0")]
