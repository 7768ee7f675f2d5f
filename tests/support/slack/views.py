"""Modals: opened for a trigger, updated, pushed (https://docs.slack.dev/reference/views/modal-views)."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from tests.support.slack import blocks

if TYPE_CHECKING:
    from tests.support.slack.call import Call
    from tests.support.slack.workspace import Json

TRIGGER_LIFE = 3.0
"""Seconds."""
STACK_MOST = 3
"""Views on top of each other."""


@dataclass
class Trigger:
    """What a click lets an app open: one view, soon."""

    user: str
    view: str | None = None
    """The view that was clicked in."""
    at: float = 0.0
    used: bool = False


@dataclass
class View:
    """A modal as one person has it before them."""

    id: str
    user: str
    body: "Json"
    root: str
    open: bool = True
    errors: "Json | None" = None
    """What the app said of the last submission, by block."""

    def shown(self) -> "Json":
        fixed = {"id": self.id, "root_view_id": self.root, "app_id": "A0AIRUT", "hash": f"{hash(str(self.body))}"}
        return {"private_metadata": "", "callback_id": "", **self.body, **fixed}


def open_view(call: "Call") -> "Json":
    trigger = _exchanged(call)
    return {"view": _placed(call, trigger.user, None).shown()}


def push_view(call: "Call") -> "Json":
    trigger = _exchanged(call)
    below = call.workspace.views.get(trigger.view or "")
    if below is None:
        raise call.error("not_found")
    stack = [view for view in call.workspace.views.values() if view.root == below.root and view.open]
    if len(stack) >= STACK_MOST:
        raise call.error("push_limit_reached")
    return {"view": _placed(call, trigger.user, below.root).shown()}


def update_view(call: "Call") -> "Json":
    found = [
        view
        for view in call.workspace.views.values()
        if view.open and (view.id == call.get("view_id") or view.body.get("external_id", "") == call.get("external_id"))
    ]
    if not found:
        raise call.error("not_found")
    if call.get("hash") not in (None, found[0].shown()["hash"]):
        raise call.error("hash_conflict")
    _check(call)
    found[0].body, found[0].errors = call["view"], None
    return {"view": found[0].shown()}


def _exchanged(call: "Call") -> Trigger:
    trigger = call.workspace.triggers.get(call.get("trigger_id", ""))
    if trigger is None:
        raise call.error("invalid_trigger_id")
    if trigger.used:
        raise call.error("exchanged_trigger_id")
    if monotonic() - trigger.at > call.workspace.trigger_life:
        raise call.error("expired_trigger_id")
    _check(call)
    trigger.used = True
    return trigger


def _placed(call: "Call", user: str, root: str | None) -> View:
    made = call.workspace.id("V")
    view = View(made, user, call["view"], root or made)
    call.workspace.views[made] = view
    return view


def _check(call: "Call") -> None:
    if found := list(faults(call["view"])):
        raise call.error(f"invalid_arguments: {'; '.join(found)}")


def faults(view: "Json") -> Iterator[str]:
    """What Slack would refuse of a modal."""
    if view.get("type") != "modal":
        yield f"type {view.get('type')!r}"
    for name, needed in (("title", True), ("submit", False), ("close", False)):
        if needed or name in view:
            yield from (f"{name}: {fault}" for fault in blocks.plain(view.get(name), 24))
    if len(view.get("private_metadata", "")) > 3000:
        yield "private_metadata is longer than 3000"
    yield from (
        f"{name} is longer than 255" for name in ("callback_id", "external_id") if len(view.get(name, "")) > 255
    )
    if any(block.get("type") == "input" for block in view.get("blocks", ())) and "submit" not in view:
        yield "submit is required where there are inputs"
    if not view.get("blocks"):
        yield "blocks are required"
    yield from blocks.faults(view.get("blocks"), None, most=100)
