"""Who and what is in the workspace: people, channels, posts, files. Plain state; `methods` changes it."""

import itertools
import time
from dataclasses import dataclass, field
from typing import Any

from tests.support.slack.views import TRIGGER_LIFE, Trigger, View

TEAM = "T0TEAM"
BOT_USER = "U0AIRUT"
BOT_ID = "B0AIRUT"
Json = dict[str, Any]


@dataclass
class User:
    """As `users.info` describes people."""

    id: str
    name: str
    real_name: str = ""
    display_name: str = ""
    team: str = TEAM
    flags: frozenset[str] = frozenset()
    """Which of `deleted`, `is_bot`, `is_restricted`, `is_ultra_restricted`, `is_stranger` hold."""
    teams: tuple[str, ...] = ()
    """Enterprise Grid: the workspaces that the person belongs to."""

    def body(self) -> Json:
        names = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
        shown: Json = {name: name in self.flags for name in names}
        profile = {"display_name": self.display_name or self.name, "real_name": self.real_name or self.name}
        body = {"id": self.id, "team_id": self.team, "name": self.name, "profile": profile, **shown}
        body["real_name"] = profile["real_name"]
        if self.teams:
            body["enterprise_user"] = {"id": self.id, "teams": list(self.teams)}
        return body


@dataclass
class Channel:
    """A channel, a group or a direct message."""

    id: str
    name: str = ""
    kind: str = "channel"
    """`channel`, `group`, `im` or `mpim`, which is also the `channel_type` of its events."""
    members: set[str] = field(default_factory=set)
    archived: bool = False
    posts: dict[str, Json] = field(default_factory=dict)
    """By `ts`, in order."""

    def body(self) -> Json:
        other = next((member for member in self.members if member != BOT_USER), "")
        return {
            **({"user": other} if self.kind == "im" else {}),
            "id": self.id,
            "name": self.name,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_archived": self.archived,
            "is_member": BOT_USER in self.members,
        }

    def thread(self, ts: str) -> list[Json]:
        return [post for post in self.posts.values() if post["ts"] == ts or post.get("thread_ts") == ts]


@dataclass
class Workspace:
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    groups: dict[str, Json] = field(default_factory=dict)
    """User groups by id: `handle` and `users`."""
    files: dict[str, Json] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    ephemeral: list[Json] = field(default_factory=list)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    trigger_life: float = TRIGGER_LIFE
    views: dict[str, View] = field(default_factory=dict)
    """Modals that were opened, by id, oldest first."""
    chosen: dict[tuple[str, str], dict[tuple[str, str], Json]] = field(default_factory=dict)
    """What people have chosen in messages: by person and message, then by block and action."""
    statuses: list[Json] = field(default_factory=list)
    """What was set of assistant threads: status, title, suggested prompts."""
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _last: float = 0.0

    def ts(self) -> str:
        """A new timestamp: unique, and later than all before."""
        self._last = max(time.time(), self._last + 0.000_001)
        return f"{self._last:.6f}"

    def id(self, letter: str) -> str:
        return f"{letter}0{next(self._ids):08d}"

    def person(self, name: str, **more: Any) -> User:
        user = User(self.id("U"), name, **more)
        self.users[user.id] = user
        return user

    def channel(self, name: str, *members: User, kind: str = "channel", bot: bool = True) -> Channel:
        letter = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}[kind]
        made = Channel(self.id(letter), name, kind, {member.id for member in members} | ({BOT_USER} if bot else set()))
        self.channels[made.id] = made
        return made

    def direct(self, user: User) -> Channel:
        found = [channel for channel in self.channels.values() if channel.kind == "im" and channel.members >= {user.id}]
        return found[0] if found else self.channel("", user, kind="im")

    def post(self, channel: Channel, user: User, text: str, *, thread: str | None = None, **more: Any) -> Json:
        """What a person writes. Events about it are the server's matter."""
        post: Json = {"type": "message", "user": user.id, "team": user.team, "text": text, "ts": self.ts(), **more}
        post.setdefault("client_msg_id", self.id("client"))
        self._place(channel, post, thread)
        return post

    def say(self, channel: Channel, body: Json, thread: str | None) -> Json:
        """What we post."""
        post = {"type": "message", "user": BOT_USER, "bot_id": BOT_ID, "app_id": "A0AIRUT", "ts": self.ts(), **body}
        self._place(channel, post, thread)
        return post

    def _place(self, channel: Channel, post: Json, thread: str | None) -> None:
        if thread is not None:
            post["thread_ts"] = thread
            if (parent := channel.posts.get(thread)) is not None:
                parent["thread_ts"] = thread
                parent["latest_reply"] = post["ts"]
                parent["reply_count"] = parent.get("reply_count", 0) + 1
        channel.posts[post["ts"]] = post
