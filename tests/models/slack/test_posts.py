"""Which posts are people's words, and which of them are meant for others."""

from typing import Any

import pytest

from airut.models.slack.posts import not_a_persons, people_talking, wears_ours


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, ""),
        ({"subtype": "thread_broadcast"}, ""),
        ({"bot_id": "B1"}, "not written by a person"),
        ({"user": "U0"}, "not written by a person"),
        ({"user": None}, "not written by a person"),
        ({"user": "USLACKBOT"}, "Slackbot"),
        ({"subtype": "channel_join"}, "subtype channel_join"),
        ({"hidden": True}, "hidden"),
    ],
)
def test_a_persons_words(more: dict[str, Any], reason: str) -> None:
    assert not_a_persons({"user": "U1", "text": "hello", **more}, "U0") == reason


@pytest.mark.parametrize(
    ("text", "talking"),
    [
        ("go on", False),
        ("<@U2> what do you think?", True),
        ("<@U2|bo> hm", True),
        (" // not for it", True),
        ("<@U0> go on", False),
        ("<@U2> and <@U0>", False),
        ("ask <@U2>", False),
        ("<https://a.test> says no", False),
        ("<!here> look", False),
    ],
)
def test_people_talking(text: str, talking: bool) -> None:
    assert people_talking({"text": text}, "U0", "//") is talking


def test_without_a_prefix_nothing_begins_with_it() -> None:
    assert not people_talking({"text": "// go"}, "U0", "")


@pytest.mark.parametrize(
    ("reactions", "ours"),
    [
        (None, False),
        ([], False),
        ([{"name": "eyes"}], False),
        ([{"users": ["U1"]}], False),
        ([{"users": ["U1", "U0"]}], True),
    ],
)
def test_reactions_of_ours(reactions: list[dict[str, Any]] | None, ours: bool) -> None:
    assert wears_ours({"text": "hello", "reactions": reactions}, "U0") is ours
