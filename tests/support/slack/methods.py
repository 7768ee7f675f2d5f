"""The Web API's methods, with the arguments that each documents (https://docs.slack.dev/reference/methods)."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.slack import blocks
from tests.support.slack.workspace import BOT_ID, BOT_USER, TEAM, Channel, Json, Workspace

BOT_TOKEN = "xoxb-1-emulated-bot-token"
APP_TOKEN = "xapp-1-emulated-app-token"
PAGE = 200
"""Objects of a page, where the caller names no limit."""


class SlackError(Exception):
    """`ok: false`, with this `error`."""


@dataclass
class Call:
    """One call of a method, its arguments checked."""

    workspace: Workspace
    base: str
    arguments: Json

    def __getitem__(self, name: str) -> Any:
        return self.arguments[name]

    def get(self, name: str, default: Any = None) -> Any:
        return self.arguments.get(name, default)

    def channel(self, name: str = "channel", *, joined: bool = True) -> Channel:
        found = self.workspace.channels.get(self[name])
        if found is None:
            raise SlackError("channel_not_found")
        if joined and BOT_USER not in found.members:
            raise SlackError("not_in_channel")
        return found

    def page(self, items: list[Json], key: str) -> Json:
        """One page of these, as cursors have it."""
        start, limit = int(self.get("cursor") or 0), int(self.get("limit") or PAGE)
        rest = start + limit < len(items)
        return {
            key: items[start : start + limit],
            "has_more": rest,
            "response_metadata": {"next_cursor": str(start + limit) if rest else ""},
        }


Handler = Callable[[Call], Json]


@dataclass(frozen=True)
class Method:
    """`tier` is its rate limit's; `app` whether it takes the app-level token."""

    handler: Handler
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    tier: str = "3"
    app: bool = False
    json_arguments: tuple[str, ...] = field(default=())
    """Which are JSON, also where they come in a form."""

    def checked(self, given: Json) -> Json:
        """Raises: SlackError"""
        arguments = {name: value for name, value in given.items() if name != "token" and value is not None}
        if unknown := set(arguments) - {*self.required, *self.optional, *self.one_of}:
            raise SlackError(f"invalid_arguments: unknown {sorted(unknown)}")
        if missing := [name for name in self.required if arguments.get(name) in (None, "")]:
            raise SlackError(f"invalid_arguments: missing {missing}")
        if self.one_of and not any(arguments.get(name) for name in self.one_of):
            raise SlackError("no_text")
        for name in self.json_arguments:
            if isinstance(arguments.get(name), str):
                arguments[name] = json.loads(arguments[name])
        if "blocks" in arguments:
            found = blocks.faults(arguments["blocks"], arguments.get("text"))
            if found:
                raise SlackError(f"invalid_blocks: {'; '.join(found)}")
        return arguments


def _auth_test(call: Call) -> Json:
    return {"url": "https://acme.slack.com/", "team": "Acme", "user": "airut", "team_id": TEAM, "user_id": BOT_USER,
            "bot_id": BOT_ID, "is_enterprise_install": False}  # fmt: skip


def _post_message(call: Call) -> Json:
    channel = call.channel()
    if channel.archived:
        raise SlackError("is_archived")
    if len(call.get("text") or "") > 40_000:
        raise SlackError("msg_too_long")
    body: Json = {name: call[name] for name in ("text", "blocks", "metadata") if name in call.arguments}
    post = call.workspace.say(channel, body, call.get("thread_ts"))
    return {"channel": channel.id, "ts": post["ts"], "message": post}


def _update(call: Call) -> Json:
    channel = call.channel()
    post = channel.posts.get(call["ts"])
    if post is None:
        raise SlackError("message_not_found")
    if post["user"] != BOT_USER:
        raise SlackError("cant_update_message")
    post |= {name: call[name] for name in ("text", "blocks", "metadata") if name in call.arguments}
    post["edited"] = {"user": BOT_USER, "ts": call.workspace.ts()}
    return {"channel": channel.id, "ts": post["ts"], "text": post.get("text", ""), "message": post}


def _post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    if call["user"] not in channel.members:
        raise SlackError("user_not_in_channel")
    call.workspace.ephemeral.append(dict(call.arguments))
    return {"message_ts": call.workspace.ts()}


def _history(call: Call) -> Json:
    posts = [post for post in call.channel().posts.values() if post.get("thread_ts", post["ts"]) == post["ts"]]
    return call.page(sorted(_between(call, posts), key=_when, reverse=True), "messages")


def _replies(call: Call) -> Json:
    posts = call.channel().thread(call["ts"])
    if not posts:
        raise SlackError("thread_not_found")
    return call.page(sorted(_between(call, posts), key=_when), "messages")


def _when(post: Json) -> float:
    return float(post["ts"])


def _between(call: Call, posts: list[Json]) -> list[Json]:
    oldest, latest = float(call.get("oldest") or 0), float(call.get("latest") or 1e12)
    inclusive = str(call.get("inclusive", "")).lower() in ("1", "true")
    shown = [
        post
        for post in posts
        if oldest < _when(post) < latest or (inclusive and _when(post) in (oldest, latest)) or
        (post["ts"] == call.get("ts"))  # a thread's parent always comes along
    ]  # fmt: skip
    if str(call.get("include_all_metadata", "")).lower() in ("1", "true"):
        return shown
    return [{name: value for name, value in post.items() if name != "metadata"} for post in shown]


def _conversations(call: Call) -> Json:
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    wanted = {kinds[kind] for kind in str(call.get("types") or "public_channel").split(",")}
    mine = [channel.body() for channel in call.workspace.channels.values() if channel.kind in wanted]
    return call.page(mine, "channels")


def _joined(call: Call) -> Json:
    found = _conversations(Call(call.workspace, call.base, {**call.arguments, "limit": 10_000}))["channels"]
    return call.page([channel for channel in found if channel["is_member"]], "channels")


def _open(call: Call) -> Json:
    user = call.workspace.users.get(str(call["users"]))
    if user is None:
        raise SlackError("user_not_found")
    return {"channel": {"id": call.workspace.direct(user).id}}


def _user(call: Call) -> Json:
    user = call.workspace.users.get(call["user"])
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.body()}


def _groups(call: Call) -> Json:
    shown = [{"id": id_, "handle": group["handle"], "name": group["handle"], "date_delete": 0}
             for id_, group in call.workspace.groups.items()]  # fmt: skip
    return {"usergroups": shown}


def _group_members(call: Call) -> Json:
    group = call.workspace.groups.get(call["usergroup"])
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group["users"])}


def _reactions(call: Call) -> tuple[Json, Json | None]:
    post = call.channel().posts.get(call["timestamp"])
    if post is None:
        raise SlackError("message_not_found")
    given = post.setdefault("reactions", [])
    return post, next((one for one in given if one["name"] == call["name"] and BOT_USER in one["users"]), None)


def _react(call: Call) -> Json:
    post, given = _reactions(call)
    if given is not None:
        raise SlackError("already_reacted")
    post["reactions"].append({"name": call["name"], "users": [BOT_USER], "count": 1})
    return {}


def _unreact(call: Call) -> Json:
    post, given = _reactions(call)
    if given is None:
        raise SlackError("no_reaction")
    post["reactions"].remove(given)
    return {}


def _of_assistant(call: Call) -> Json:
    if call["channel_id"] not in call.workspace.channels:
        raise SlackError("channel_not_found")
    call.workspace.statuses.append(dict(call.arguments))
    return {}


def _upload_url(call: Call) -> Json:
    made = call.workspace.id("F")
    call.workspace.files[made] = {"id": made, "name": call["filename"], "size": int(call["length"]), "state": "new"}
    return {"upload_url": f"{call.base}/upload/{made}", "file_id": made}


def _complete_upload(call: Call) -> Json:
    shown: list[Json] = []
    for one in call["files"]:
        file = call.workspace.files.get(one["id"])
        content = call.workspace.contents.get(one["id"])
        if file is None or content is None:
            raise SlackError("file_not_found")
        if len(content) != file["size"]:
            raise SlackError("file_update_failed")
        file |= {"state": "shared", "title": one.get("title", file["name"])}
        shown.append(file)
    if "channel_id" in call.arguments:
        channel = call.channel("channel_id")
        call.workspace.say(channel, {"text": call.get("initial_comment", ""), "files": shown}, call.get("thread_ts"))
    return {"files": shown}


def _file(call: Call) -> Json:
    file = call.workspace.files.get(call["file"])
    if file is None:
        raise SlackError("file_not_found")
    return {"file": file}


def _view(call: Call) -> Json:
    call.workspace.views.append(dict(call.arguments))
    return {"view": {"id": call.workspace.id("V"), **call["view"]}}


_SAID = ("text", "blocks", "attachments")
_MORE = ("thread_ts", "metadata", "unfurl_links", "unfurl_media", "mrkdwn", "reply_broadcast", "parse", "link_names")
_PAGED = ("cursor", "limit")
_JSON = ("blocks", "metadata", "attachments")

METHODS: dict[str, Method] = {
    "auth.test": Method(_auth_test, (), ("team_id",)),
    "apps.connections.open": Method(lambda call: {"url": f"{call.base.replace('http', 'ws')}/link"}, app=True),
    "chat.postMessage": Method(_post_message, ("channel",), _MORE, _SAID, "special", json_arguments=_JSON),
    "chat.update": Method(_update, ("channel", "ts"), ("metadata", "parse", "link_names"), _SAID, json_arguments=_JSON),
    "chat.postEphemeral": Method(
        _post_ephemeral, ("channel", "user"), ("thread_ts", "parse", "link_names"), _SAID, "4", json_arguments=_JSON
    ),
    "conversations.history": Method(
        _history, ("channel",), (*_PAGED, "oldest", "latest", "inclusive", "include_all_metadata")
    ),
    "conversations.replies": Method(
        _replies, ("channel", "ts"), (*_PAGED, "oldest", "latest", "inclusive", "include_all_metadata")
    ),
    "conversations.info": Method(lambda call: {"channel": call.channel(joined=False).body()}, ("channel",)),
    "conversations.list": Method(_conversations, (), (*_PAGED, "types", "exclude_archived", "team_id"), tier="2"),
    "users.conversations": Method(_joined, (), (*_PAGED, "types", "exclude_archived", "team_id", "user")),
    "conversations.open": Method(_open, ("users",), ("return_im", "prevent_creation")),
    "users.info": Method(_user, ("user",), ("include_locale",), tier="4"),
    "usergroups.list": Method(_groups, (), ("include_users", "include_disabled", "include_count", "team_id"), tier="2"),
    "usergroups.users.list": Method(_group_members, ("usergroup",), ("include_disabled", "team_id")),
    "reactions.add": Method(_react, ("channel", "name", "timestamp")),
    "reactions.remove": Method(_unreact, ("channel", "name", "timestamp")),
    "assistant.threads.setStatus": Method(
        _of_assistant, ("channel_id", "thread_ts"), ("status", "loading_messages"), json_arguments=("loading_messages",)
    ),
    "assistant.threads.setTitle": Method(_of_assistant, ("channel_id", "thread_ts", "title")),
    "assistant.threads.setSuggestedPrompts": Method(
        _of_assistant, ("channel_id", "thread_ts", "prompts"), ("title",), json_arguments=("prompts",)
    ),
    "files.getUploadURLExternal": Method(
        _upload_url, ("filename", "length"), ("alt_txt", "snippet_type"), tier="4"
    ),
    "files.completeUploadExternal": Method(
        _complete_upload,
        ("files",),
        ("channel_id", "thread_ts", "initial_comment", "blocks", "channels"),
        tier="4",
        json_arguments=("files", "blocks"),
    ),
    "files.info": Method(_file, ("file",), (*_PAGED, "count", "page"), tier="4"),
    "views.open": Method(_view, ("view",), ("trigger_id", "interactivity_pointer"), tier="4", json_arguments=("view",)),
}  # fmt: skip


def token_of(method: Method) -> str:
    """The token that a method takes."""
    return APP_TOKEN if method.app else BOT_TOKEN
