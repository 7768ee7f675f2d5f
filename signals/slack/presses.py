"""What somebody has pressed in a message of ours (spec: slack §9), as Slack sends it: `block_actions`. Pure.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from airut.models.base import Model
from airut.models.blob import Text
from airut.models.slack.thread import slack_thread
from airut.models.threads.message import ChannelKind, InboundMessage, SlackRoute
from airut.ports.slack import SlackBot, SlackPerson


class Press(Model):
    """`chosen` is all that this person has chosen in the message by now, by block."""

    team: str
    channel: str
    ts: str
    """The message's."""
    thread_ts: str
    written_by: str
    """Who has posted the message."""
    user: str
    home: str | None
    """The workspace that Slack says this person is of."""
    action_id: str
    block_id: str
    value: str
    at: str
    """Slack's timestamp of the press."""
    trigger: str
    """What a modal can be opened for, within three seconds."""
    chosen: Mapping[str, tuple[str, ...]] = {}
    blocks: tuple[Mapping[str, Any], ...] = ()
    """The message's."""

    def is_ours(self, bot: SlackBot) -> bool:
        """Whether it stood in a message that we have posted, in our workspace."""
        return self.written_by == bot.user and self.team in ("", bot.team)

    def thread(self, repo: str, bot: SlackBot) -> str:
        """The thread that the message stands in, which a press can act on and no other."""
        return slack_thread(repo, bot.team, self.channel, self.thread_ts)


def read_press(body: Mapping[str, Any]) -> Press:
    """Raises: LookupError: it was not pressed in a message."""
    action, message, place = body["actions"][0], body["message"], body["container"]
    enterprise = body.get("is_enterprise_install") or body.get("enterprise")
    return Press(
        team="" if enterprise else str((body.get("team") or {}).get("id") or ""),
        channel=body["channel"]["id"],
        ts=message["ts"],
        thread_ts=str(message.get("thread_ts") or place.get("thread_ts") or message["ts"]),
        written_by=str(message.get("user") or ""),
        user=body["user"]["id"],
        home=body["user"].get("team_id"),
        action_id=action["action_id"],
        block_id=str(action.get("block_id") or ""),
        value=next(iter(_chosen(action)), ""),
        at=str(action["action_ts"]),
        trigger=str(body.get("trigger_id") or ""),
        blocks=tuple(message.get("blocks") or ()),
        chosen=all_chosen((body.get("state") or {}).get("values") or {}),
    )


def all_chosen(values: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The values by block, of which each of ours has one element that holds any."""
    return {block: tuple(_chosen(next(iter(found.values()), {}))) for block, found in values.items()}


def _chosen(element: Mapping[str, Any]) -> list[str]:
    """The values of an element: of a button its own, of menus and boxes those of the options that are chosen."""
    if "selected_options" in element:
        return [str(option["value"]) for option in element["selected_options"] or ()]
    if "selected_option" in element:
        option = element["selected_option"]
        return [str(option["value"])] if option else []
    return [str(element["value"])] if element.get("value") is not None else []


def places(values: Iterable[str]) -> tuple[int, ...]:
    """Values of options, which are their places in the question."""
    return tuple(int(value) for value in values if value.isascii() and value.isdecimal() and len(value) <= 3)


def author_of(person: SlackPerson) -> str:
    """As in messages."""
    return f"{person.name} ({person.id})"


def key_of(*parts: object) -> str:
    """What makes two presses one."""
    return hashlib.sha256("/".join(("slack", "press", *map(str, parts))).encode()).hexdigest()


def as_message(press: Press, key: str, thread: str, repo: str, bot: SlackBot, author: str) -> InboundMessage:
    """Who, when and where, for a command."""
    at = datetime.fromtimestamp(float(press.at), UTC)
    return InboundMessage(
        key=key,
        thread=thread,
        repo=repo,
        channel=ChannelKind.SLACK,
        author=author,
        open_to_authorized=True,
        sent_at=at,
        received_at=at,
        text=Text(inline=""),
        route=SlackRoute(team=bot.team, channel=press.channel, thread_ts=press.thread_ts, ts=press.ts, user=press.user),
    )
