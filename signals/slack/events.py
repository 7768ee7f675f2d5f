"""What an event of Slack means for us, before anybody is asked anything (spec: slack §4, §5, §6). Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from airut.models.base import Model
from airut.models.slack.posts import not_a_persons, wears_ours
from airut.models.slack.text import mentioned
from airut.ports.slack import SlackBot

CHANNEL_TYPES = frozenset({"channel", "group", "mpim"})


class Place(StrEnum):
    """Where a post stands, which decides when it is for us."""

    DIRECT = "direct"
    CHANNEL = "channel"


class Post(Model):
    """A person's message that may be for us. `body` is what Slack sent of it."""

    place: Place
    channel: str
    ts: str
    thread_ts: str
    """The thread's; its own `ts` where it begins one."""
    user: str
    home: str | None
    """The workspace of whoever wrote it."""
    mentions_us: bool
    client_id: str | None
    taken: bool = False
    """It wears a reaction of ours, which none does before its thread has it."""
    body: Mapping[str, Any]

    @property
    def begins(self) -> bool:
        return self.ts == self.thread_ts


class Edit(Model):
    """A message was changed (`post` is how it stands now) or taken back (None)."""

    channel: str
    ts: str
    thread_ts: str
    edited_ts: str
    post: Post | None
    calls_us: bool = False
    """It mentions us only since this change."""


class Dropped(Model):
    """Not for us; `reason` is for the log."""

    reason: str


def read(event: Mapping[str, Any], bot: SlackBot) -> Post | Edit | Dropped:
    """Sort an event of type `message` or `app_mention`."""
    subtype = event.get("subtype")
    if subtype == "message_changed":
        return _changed(event, bot)
    if subtype == "message_deleted":
        return _deleted(event, str(event.get("deleted_ts")))
    return _post(event, event, bot)


def _post(body: Mapping[str, Any], event: Mapping[str, Any], bot: SlackBot) -> Post | Dropped:
    if reason := not_a_persons(body, bot.user):
        return Dropped(reason=reason)
    channel, kind = str(event.get("channel") or ""), event.get("channel_type")
    place = Place.DIRECT if kind == "im" or (kind is None and channel.startswith("D")) else Place.CHANNEL
    if event.get("type") == "app_mention" and place is Place.DIRECT:
        return Dropped(reason="a mention in a direct message, which comes as a message as well")
    ts = _ts(body)
    return Post(
        place=place,
        channel=channel,
        ts=ts,
        thread_ts=str(body.get("thread_ts") or ts),
        user=str(body["user"]),
        home=body.get("user_team") or body.get("team"),
        mentions_us=bot.user in mentioned(str(body.get("text") or "")),
        client_id=str(body["client_msg_id"]) if body.get("client_msg_id") else None,
        taken=wears_ours(body, bot.user),
        body=dict(body),
    )


def _changed(event: Mapping[str, Any], bot: SlackBot) -> Post | Edit | Dropped:
    now = event.get("message") or {}
    if now.get("subtype") == "tombstone":  # what is left of a thread's first message
        return _deleted(event, _ts(now))
    edited = (now.get("edited") or {}).get("ts")
    before = event.get("previous_message") or {}
    if (
        not edited
        or edited == (before.get("edited") or {}).get("ts")
        or (now.get("edited") or {}).get("user") == bot.user
    ):
        return Dropped(reason="changed by Slack, not by its author")
    found = _post(now, event, bot)
    if isinstance(found, Dropped):
        return found
    return Edit(
        channel=found.channel,
        ts=found.ts,
        thread_ts=found.thread_ts,
        edited_ts=str(edited),
        post=found,
        calls_us=found.mentions_us and bool(before) and bot.user not in mentioned(str(before.get("text") or "")),
    )


def _deleted(event: Mapping[str, Any], ts: str) -> Edit:
    thread_ts = str((event.get("previous_message") or {}).get("thread_ts") or ts)
    return Edit(channel=str(event.get("channel")), ts=ts, thread_ts=thread_ts, edited_ts=_ts(event), post=None)


def _ts(body: Mapping[str, Any]) -> str:
    return str(body.get("ts") or body.get("event_ts") or "")
