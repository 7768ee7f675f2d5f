"""Which of Slack's events are people speaking to us."""

from typing import Any

import pytest

from airut.ports.slack import SlackBot
from signals.slack.events import Dropped, Edit, Place, Post, read

BOT = SlackBot(team="T1", user="U0", bot="B0")
EVENT: dict[str, Any] = {
    "type": "message", "channel": "C1", "channel_type": "channel", "user": "U1", "team": "T1", "text": "hello",
    "ts": "10.000001", "client_msg_id": "c-1",
}  # fmt: skip


def test_a_post_in_a_channel() -> None:
    assert read(EVENT, BOT) == Post(
        place=Place.CHANNEL, channel="C1", ts="10.000001", thread_ts="10.000001", user="U1", home="T1", mentions_us=False,
        client_id="c-1", body=EVENT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("more", "place", "mentions", "thread"),
    [
        ({"channel": "D1", "channel_type": "im"}, Place.DIRECT, False, "10.000001"),
        ({"channel_type": "group"}, Place.CHANNEL, False, "10.000001"),
        ({"text": "<@U0> go"}, Place.CHANNEL, True, "10.000001"),
        ({"type": "app_mention", "text": "<@U0|airut> go", "channel_type": None}, Place.CHANNEL, True, "10.000001"),
        ({"thread_ts": "9.1"}, Place.CHANNEL, False, "9.1"),
        ({"subtype": "file_share", "files": []}, Place.CHANNEL, False, "10.000001"),
        ({"subtype": "thread_broadcast", "thread_ts": "9.1"}, Place.CHANNEL, False, "9.1"),
    ],
)
def test_where_it_stands(more: dict[str, Any], place: Place, mentions: bool, thread: str) -> None:
    found = read({**EVENT, **more}, BOT)
    assert isinstance(found, Post)
    assert (found.place, found.mentions_us, found.thread_ts) == (place, mentions, thread)


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B9"},
        {"user": "U0"},
        {"user": None},
        {"user": "USLACKBOT"},
        {"subtype": "bot_message"},
        {"subtype": "channel_join"},
        {"subtype": "channel_topic"},
        {"hidden": True},
        {"type": "app_mention", "channel": "D1", "channel_type": "im"},
    ],
)
def test_what_is_not_for_us(more: dict[str, Any]) -> None:
    assert isinstance(read({**EVENT, **more}, BOT), Dropped)


def changed(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "message", "subtype": "message_changed", "hidden": True, "channel": "C1", "channel_type": "channel",
            "message": {**EVENT, **message}, "ts": "11.0", **more}  # fmt: skip


def test_an_edit_by_its_author() -> None:
    found = read(changed({"text": "<@U0> other", "edited": {"user": "U1", "ts": "11.0"}}), BOT)
    assert isinstance(found, Edit)
    assert found.post is not None
    assert (found.channel, found.ts, found.edited_ts, found.post.mentions_us) == ("C1", "10.000001", "11.0", True)


@pytest.mark.parametrize(
    ("now", "before", "calls_us"),
    [
        ("<@U0> do it", "do it", True),
        ("<@U0> do it", "<@U0> do", False),
        ("do it", "<@U0> do it", False),
    ],
)
def test_whether_an_edit_first_mentions_us(now: str, before: str, calls_us: bool) -> None:
    found = read(
        changed({"text": now, "thread_ts": "9.1", "edited": {"user": "U1", "ts": "11.0"}},
                previous_message={"text": before}), BOT)  # fmt: skip
    assert isinstance(found, Edit)
    assert (found.calls_us, found.thread_ts) == (calls_us, "9.1")


@pytest.mark.parametrize(
    "event",
    [
        changed({}),
        changed({"edited": {"user": "U0", "ts": "11.0"}}),
        changed({"edited": {"user": "U1", "ts": "9.0"}}, previous_message={"edited": {"user": "U1", "ts": "9.0"}}),
        changed({"edited": {"user": "U1", "ts": "11.0"}, "bot_id": "B9"}),
    ],
)
def test_changes_that_nobody_made(event: dict[str, Any]) -> None:
    assert isinstance(read(event, BOT), Dropped)


def test_a_message_taken_back() -> None:
    event = {**EVENT, "subtype": "message_deleted", "hidden": True, "deleted_ts": "10.000001", "ts": "12.0"}
    assert read(event, BOT) == Edit(
        channel="C1", ts="10.000001", thread_ts="10.000001", edited_ts="12.0", post=None
    )  # fmt: skip
    of_a_thread = {**event, "previous_message": {"ts": "10.000001", "thread_ts": "9.1"}}
    assert read(of_a_thread, BOT) == Edit(
        channel="C1", ts="10.000001", thread_ts="9.1", edited_ts="12.0", post=None
    )  # fmt: skip


def test_a_threads_first_message_leaves_a_tombstone() -> None:
    left = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted.", "thread_ts": "10.000001"}
    assert read(changed(left, previous_message={"thread_ts": "10.000001"}), BOT) == Edit(
        channel="C1", ts="10.000001", thread_ts="10.000001", edited_ts="11.0", post=None
    )
