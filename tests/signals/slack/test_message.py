"""A post as its thread is given it."""

from datetime import UTC, datetime
from typing import Any

from airut.models.slack.settings import SlackLimits
from airut.models.threads.message import InboundMessage
from airut.ports.slack import SlackBot
from signals.slack.events import Post, read
from signals.slack.message import submission

BOT = SlackBot(team="T1", user="U0", bot="B0")
URL = "https://files.slack.com/f"


def accepted(**event: Any) -> InboundMessage:
    body = {"type": "message", "channel": "D1", "channel_type": "im", "user": "U1", "team": "T1", "ts": "10.000001"}
    post = read({**body, "text": "look", **event}, BOT)
    assert isinstance(post, Post)
    found = submission(
        post, "web", BOT, {"U1": "Ann"}, datetime(2026, 1, 1, tzinfo=UTC), SlackLimits(files=3, text=1000)
    )
    assert isinstance(found, InboundMessage)
    return found


def test_files_are_references() -> None:
    files = [
        {
            "id": "F1",
            "name": "../a.csv",
            "mimetype": "text/csv",
            "size": 3,
            "url_private_download": URL,
            "mode": "hosted",
        },
        {"id": "F2", "name": "a.csv", "mimetype": "text/csv", "size": 4, "url_private": URL, "mode": "hosted"},
        {"id": "F3", "mimetype": "image/png", "size": 5, "url_private": URL, "mode": "snippet"},
        {"id": "F4", "name": "fourth", "url_private": URL, "mode": "hosted"},
    ]
    message = accepted(subtype="file_share", files=files)
    assert [(file.id, file.name, file.media_type, file.size, file.url) for file in message.files] == [
        ("F1", "a.csv", "text/csv", 3, URL),
        ("F2", "a-2.csv", "text/csv", 4, URL),
        ("F3", "attachment-3.png", "image/png", 5, URL),
    ]
    assert message.notes == ("the file fourth was left out: there are too many files",)


def test_what_cannot_be_fetched_is_named() -> None:
    files = [
        {"id": "F1", "name": "gone", "mode": "tombstone"},
        {"id": "F2", "name": "hidden", "mode": "hidden_by_limit"},
        {"id": "F3", "name": "drive", "mode": "external", "url_private": "https://drive.test/x"},
        {"id": "F4", "name": "canvas", "mode": "canvas", "url_private": URL},
        {"id": "F5", "name": "nowhere", "mode": "hosted"},
    ]
    message = accepted(subtype="file_share", files=files)
    assert message.files == ()
    assert [note.split(": ")[0] for note in message.notes] == [
        f"the file {name} was left out" for name in ("gone", "hidden", "drive", "canvas", "nowhere")
    ]


def test_a_word_with_a_file_is_no_command() -> None:
    file = {"id": "F1", "name": "a.csv", "size": 3, "url_private": URL, "mode": "hosted"}
    assert accepted(text="stop", subtype="file_share", files=[file]).text.inline == "stop"


def test_two_posts_of_one_program_are_one_message() -> None:
    first, second = accepted(client_msg_id="c-1"), accepted(client_msg_id="c-1", ts="11.0")
    assert first.key != second.key
    assert first.also == second.also != ()
    assert accepted().also == ()


def test_a_long_text_is_cut_and_says_so() -> None:
    message = accepted(text="model: opus\n" + "x" * 1001)
    assert (message.text.inline, message.notes) == (
        "x" * 1000,
        ("the message was cut after 1000 characters; send what is longer as a file",),
    )
    assert accepted(text="x" * 1000).notes == ()
