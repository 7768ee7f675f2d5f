"""What is posted, and signs on it. Methods of the Web API."""

from tests.support.slack.call import Call, SlackError
from tests.support.slack.workspace import BOT_USER, Json


def post_message(call: Call) -> Json:
    # A user's id is their direct message with us (https://docs.slack.dev/reference/methods/chat.postMessage).
    user = call.workspace.users.get(call["channel"])
    channel = call.workspace.direct(user) if user else call.channel()
    if channel.archived:
        raise SlackError("is_archived")
    if len(call.get("text") or "") > 40_000:
        raise SlackError("msg_too_long")
    body: Json = {name: call[name] for name in ("text", "blocks", "metadata") if name in call.arguments}
    post = call.workspace.say(channel, body, call.get("thread_ts"))
    return {"channel": channel.id, "ts": post["ts"], "message": post}


def update(call: Call) -> Json:
    channel = call.channel()
    post = channel.posts.get(call["ts"])
    if post is None:
        raise SlackError("message_not_found")
    if post["user"] != BOT_USER:
        raise SlackError("cant_update_message")
    post |= {name: call[name] for name in ("text", "blocks", "metadata") if name in call.arguments}
    post["edited"] = {"user": BOT_USER, "ts": call.workspace.ts()}
    return {"channel": channel.id, "ts": post["ts"], "text": post.get("text", ""), "message": post}


def post_ephemeral(call: Call) -> Json:
    channel = call.channel()
    if call["user"] not in channel.members:
        raise SlackError("user_not_in_channel")
    call.workspace.ephemeral.append(dict(call.arguments))
    return {"message_ts": call.workspace.ts()}


def _reactions(call: Call) -> tuple[Json, Json | None]:
    post = call.channel().posts.get(call["timestamp"])
    if post is None:
        raise SlackError("message_not_found")
    given = post.setdefault("reactions", [])
    return post, next((one for one in given if one["name"] == call["name"] and BOT_USER in one["users"]), None)


def react(call: Call) -> Json:
    post, given = _reactions(call)
    if given is not None:
        raise SlackError("already_reacted")
    post["reactions"].append({"name": call["name"], "users": [BOT_USER], "count": 1})
    return {}


def unreact(call: Call) -> Json:
    post, given = _reactions(call)
    if given is None:
        raise SlackError("no_reaction")
    post["reactions"].remove(given)
    return {}
