"""The emulated modals refuse what Slack documents as wrong."""

from time import monotonic
from typing import Any

import pytest

from tests.support.slack.call import Call, SlackError
from tests.support.slack.methods import METHODS
from tests.support.slack.views import Trigger, View
from tests.support.slack.workspace import Json, Workspace

FIELD: Json = {"type": "input", "block_id": "b", "label": {"type": "plain_text", "text": "l"},
               "element": {"type": "plain_text_input", "action_id": "a"}}  # fmt: skip
MODAL: Json = {"type": "modal", "title": {"type": "plain_text", "text": "t"},
               "submit": {"type": "plain_text", "text": "s"}, "blocks": [FIELD]}  # fmt: skip


def call(workspace: Workspace, name: str, **arguments: Any) -> Json:
    method = METHODS[name]
    return method.handler(Call(workspace, "", method.checked(arguments)))


def triggered(workspace: Workspace, view: str | None = None, age: float = 0.0) -> str:
    made = workspace.id("1")
    workspace.triggers[made] = Trigger("U1", view, monotonic() - age)
    return made


def test_a_trigger_opens_one_view_and_soon() -> None:
    workspace = Workspace()
    trigger = triggered(workspace)
    opened = call(workspace, "views.open", trigger_id=trigger, view=MODAL)["view"]
    assert list(workspace.views.values()) == [View(opened["id"], "U1", MODAL, opened["id"])]
    for refused, code in (
        (trigger, "exchanged_trigger_id"),
        ("other", "invalid_trigger_id"),
        (triggered(workspace, age=3.1), "expired_trigger_id"),
    ):
        with pytest.raises(SlackError, match=code):
            call(workspace, "views.open", trigger_id=refused, view=MODAL)


def test_three_views_on_top_of_each_other() -> None:
    workspace = Workspace()
    with pytest.raises(SlackError, match="not_found"):
        call(workspace, "views.push", trigger_id=triggered(workspace), view=MODAL)
    below = call(workspace, "views.open", trigger_id=triggered(workspace), view=MODAL)["view"]["id"]
    for _ in range(2):
        call(workspace, "views.push", trigger_id=triggered(workspace, below), view=MODAL)
    with pytest.raises(SlackError, match="push_limit_reached"):
        call(workspace, "views.push", trigger_id=triggered(workspace, below), view=MODAL)
    assert {view.root for view in workspace.views.values()} == {below}


def test_an_update_is_for_the_view_that_was_seen() -> None:
    workspace = Workspace()
    opened = call(workspace, "views.open", trigger_id=triggered(workspace), view=MODAL)["view"]
    changed = {**MODAL, "external_id": "e"}
    with pytest.raises(SlackError, match="hash_conflict"):
        call(workspace, "views.update", view_id=opened["id"], view=changed, hash="older")
    call(workspace, "views.update", view_id=opened["id"], view=changed, hash=opened["hash"])
    call(workspace, "views.update", external_id="e", view=MODAL)
    assert workspace.views[opened["id"]].body == MODAL
    workspace.views[opened["id"]].open = False
    with pytest.raises(SlackError, match="not_found"):
        call(workspace, "views.update", view_id=opened["id"], view=MODAL)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"type": "home"}, "type 'home'"),
        ({"title": {"type": "plain_text", "text": "t" * 25}}, "title: a text of 25"),
        ({"title": {"type": "mrkdwn", "text": "t"}}, "title: a text must be plain_text"),
        ({"submit": {"type": "plain_text", "text": "s" * 25}}, "submit: a text of 25"),
        ({"private_metadata": "x" * 3001}, "private_metadata is longer"),
        ({"callback_id": "x" * 256}, "callback_id is longer"),
        ({"blocks": []}, "blocks are required"),
        ({"blocks": [{**FIELD, "block_id": str(number)} for number in range(101)]}, "101 are more than 100"),
        ({"blocks": [FIELD, FIELD]}, "two have one block_id"),
        ({"blocks": [{**FIELD, "element": {"type": "button", "text": MODAL["title"]}}]}, "not an element of an input"),
    ],
)
def test_what_slack_would_refuse(change: Json, fault: str) -> None:
    workspace = Workspace()
    with pytest.raises(SlackError, match=fault):
        call(workspace, "views.open", trigger_id=triggered(workspace), view={**MODAL, **change})
    assert workspace.views == {}


def test_inputs_need_a_button_to_send_them() -> None:
    workspace, view = Workspace(), {name: value for name, value in MODAL.items() if name != "submit"}
    with pytest.raises(SlackError, match="submit is required"):
        call(workspace, "views.open", trigger_id=triggered(workspace), view=view)
