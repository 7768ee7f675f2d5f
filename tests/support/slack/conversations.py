"""Where we are, and what stands there. Methods of the Web API."""

from tests.support.slack.call import Call, SlackError
from tests.support.slack.workspace import Json


def history(call: Call) -> Json:
    posts = [post for post in call.channel().posts.values() if post.get("thread_ts", post["ts"]) == post["ts"]]
    return call.page(sorted(_between(call, posts), key=_when, reverse=True), "messages")


def replies(call: Call) -> Json:
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


def conversations(call: Call) -> Json:
    kinds = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}
    wanted = {kinds[kind] for kind in str(call.get("types") or "public_channel").split(",")}
    mine = [channel.body() for channel in call.workspace.channels.values() if channel.kind in wanted]
    return call.page(mine, "channels")


def joined(call: Call) -> Json:
    found = conversations(Call(call.workspace, call.base, {**call.arguments, "limit": 10_000}))["channels"]
    return call.page([channel for channel in found if channel["is_member"]], "channels")


def open_direct(call: Call) -> Json:
    user = call.workspace.users.get(str(call["users"]))
    if user is None:
        raise SlackError("user_not_found")
    return {"channel": {"id": call.workspace.direct(user).id}}
