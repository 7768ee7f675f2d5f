"""Posts of Slack: which are a person's words, and whether they are meant for us (spec: slack §4, §5). Pure."""

from collections.abc import Mapping
from typing import Any

from airut.models.slack.text import mentioned

TAKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of posts that people write. All others are about channels, or made by programs."""


def not_a_persons(body: Mapping[str, Any], us: str) -> str:
    """Why a post is not something that a person says to people; the empty string where it is."""
    user = body.get("user")
    if body.get("bot_id") or body.get("bot_profile") or user == us or not user:
        return "not written by a person"
    if user == "USLACKBOT":
        return "Slackbot"
    if (subtype := body.get("subtype")) not in TAKEN:
        return f"subtype {subtype}"
    return "hidden" if body.get("hidden") else ""


def people_talking(body: Mapping[str, Any], us: str, prefix: str) -> bool:
    """In a thread of ours: it begins by mentioning somebody else, or with the prefix."""
    text = str(body.get("text") or "").lstrip()
    if us in mentioned(text):
        return False
    return bool(prefix and text.startswith(prefix)) or (text.startswith("<@") and bool(mentioned(text)))


def wears_ours(body: Mapping[str, Any], us: str) -> bool:
    """Whether a reaction of ours is on it."""
    return any(us in (each.get("users") or ()) for each in body.get("reactions") or ())
