"""What people do with buttons, menus and modals, and what the app is sent of it
(https://docs.slack.dev/reference/interaction-payloads). A click is delivered once."""

import asyncio
from collections.abc import Mapping, Sequence
from time import monotonic

from tests.support.slack.server import SlackServer
from tests.support.slack.sockets import Envelope
from tests.support.slack.views import Trigger, View, faults
from tests.support.slack.workspace import TEAM, Channel, Json, User

STATEFUL = ("static_select", "multi_static_select", "checkboxes", "radio_buttons", "plain_text_input")


def click(
    server: SlackServer, user: User, channel: Channel, post: Json, action_id: str, block_id: str | None = None
) -> Envelope:
    """Press the button of this id."""
    block, element = _found(post["blocks"], action_id, block_id)
    pressed: Json = {name: element[name] for name in ("value", "style") if name in element}
    action: Json = {"type": "button", "text": element["text"], **pressed}
    return _act(server, user, channel, post, block, action_id, action)


def choose(
    server: SlackServer,
    user: User,
    channel: Channel,
    post: Json,
    action_id: str,
    *values: str,
    block_id: str | None = None,
) -> Envelope:
    """Have these options chosen of a menu or of check boxes, which is remembered for the user and sent at once."""
    block, element = _found(post["blocks"], action_id, block_id)
    state = server.workspace.chosen.setdefault((user.id, post["ts"]), {})
    state[_id(block), action_id] = chosen = _selection(element, values)
    return _act(server, user, channel, post, block, action_id, chosen)


async def submit(server: SlackServer, user: User, view: View, values: Mapping[str, str | Sequence[str]]) -> Envelope:
    """Send a modal off with these values by `block_id`: a text, or the values of options. What the app answers shows:
    errors stay in the modal, anything else closes it or puts another one in its place."""
    assert view.open
    assert view.user == user.id
    state: Json = {}
    for block in view.body["blocks"]:
        if block["type"] != "input":
            continue
        element, given = block["element"], values.get(block["block_id"])
        assert given or block.get("optional"), f"{block['block_id']} has to be filled in"
        if element["type"] == "plain_text_input":
            assert given is None or isinstance(given, str)
            filled: Json = {"type": "plain_text_input", "value": given or None}
        else:
            filled = _selection(element, [given] if isinstance(given, str) else given or ())
        state[block["block_id"]] = {element["action_id"]: filled}
    shown = {**view.shown(), "state": {"values": state}}
    payload = {**_by(server, user, view.id), "type": "view_submission", "view": shown, "response_urls": []}
    envelope = server.send("interactive", payload, retries=0)
    async with asyncio.timeout(60):
        await envelope.acknowledged.wait()
    _respond(server, view, envelope.response)
    return envelope


def close(server: SlackServer, user: User, view: View) -> Envelope | None:
    """Close a modal unsent; the app hears of it where it wants to."""
    view.open = False
    if not view.body.get("notify_on_close"):
        return None
    payload = {**_by(server, user, view.id), "type": "view_closed", "view": view.shown(), "is_cleared": False}
    return server.send("interactive", payload, retries=0)


def _respond(server: SlackServer, view: View, response: Json | None) -> None:
    action = (response or {}).get("response_action")
    if response is None or action is None or action == "clear":
        view.open = False
    elif action == "errors":
        inputs = {block["block_id"] for block in view.body["blocks"] if block["type"] == "input"}
        if wrong := set(response["errors"]) - inputs:
            server.refused.append(f"errors of blocks that are no inputs: {sorted(wrong)}")
        view.errors = response["errors"]
    elif action in ("update", "push"):
        server.refused += [f"view_submission: {fault}" for fault in faults(response["view"])]
        if action == "update":
            view.body, view.errors = response["view"], None
        else:
            made = server.workspace.id("V")
            server.workspace.views[made] = View(made, view.user, response["view"], view.root)
    else:
        server.refused.append(f"unknown response_action {action!r}")


def _act(
    server: SlackServer, user: User, channel: Channel, post: Json, block: Json, action_id: str, action: Json
) -> Envelope:
    place = {"message_ts": post["ts"], "channel_id": channel.id, "is_ephemeral": False}
    if "thread_ts" in post:
        place["thread_ts"] = post["thread_ts"]
    shown = {name: value for name, value in post.items() if name not in ("metadata", "reactions")}
    told = {"action_id": action_id, "block_id": _id(block), "action_ts": server.workspace.ts(), **action}
    payload = {
        **_by(server, user, None),
        "type": "block_actions",
        "container": {"type": "message", **place},
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "message": shown,
        "state": {"values": _state(server, user, post)},
        "response_url": f"{server.base}/respond/{server.workspace.id('R')}",
        "actions": [told],
    }
    return server.send("interactive", payload, retries=0)


def _by(server: SlackServer, user: User, view: str | None) -> Json:
    trigger = f"{server.workspace.id('1')}.2.{'abcdef'}"
    server.workspace.triggers[trigger] = Trigger(user.id, view, monotonic())
    return {
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "team": {"id": TEAM, "domain": "acme"},
        "enterprise": None,
        "is_enterprise_install": False,
        "api_app_id": "A0AIRUT",
        "token": "unused",
        "trigger_id": trigger,
    }


def _state(server: SlackServer, user: User, post: Json) -> Json:
    """All that can be chosen in the message, as this user has it."""
    chosen = server.workspace.chosen.get((user.id, post["ts"]), {})
    values: Json = {}
    for block in post["blocks"]:
        for element in _elements(block):
            if element["type"] in STATEFUL:
                first = [option["value"] for option in element.get("initial_options", ())]
                now = chosen.get((_id(block), element["action_id"])) or _selection(element, first)
                values.setdefault(_id(block), {})[element["action_id"]] = now
    return values


def _selection(element: Json, values: Sequence[str]) -> Json:
    options = {option["value"]: option for option in element["options"]}
    picked = [options[value] for value in values]
    if element["type"] in ("static_select", "radio_buttons"):
        assert len(picked) <= 1
        return {"type": element["type"], "selected_option": picked[0] if picked else None}
    return {"type": element["type"], "selected_options": picked}


def _found(blocks: list[Json], action_id: str, block_id: str | None) -> tuple[Json, Json]:
    """Raises: LookupError: no such element is there, any more or yet."""
    for block in blocks:
        for element in _elements(block):
            if element.get("action_id") == action_id and block_id in (None, block.get("block_id")):
                return block, element
    raise LookupError(f"no {action_id} in {blocks}")


def _id(block: Json) -> str:
    """A block that an app gave no id has one of Slack's."""
    return str(block.get("block_id", "made1"))


def _elements(block: Json) -> list[Json]:
    if block["type"] == "actions":
        return list(block["elements"])
    return [block["accessory"]] if block["type"] == "section" and "accessory" in block else []
