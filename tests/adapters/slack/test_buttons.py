"""A task's buttons, as Slack takes them."""

from airut.adapters.slack.buttons import elements
from airut.models.slack.thread_button import Verb
from tests.support.slack.blocks import faults

THREAD = "web/slack/T0TEAM-C0AB-1700000000.000100"


def test_buttons() -> None:
    pause, stop = elements((Verb.PAUSE, Verb.STOP), THREAD, 3)
    assert pause == {
        "type": "button",
        "text": {"type": "plain_text", "text": "Pause"},
        "action_id": "airut.pause",
        "value": f"3 {THREAD}",
    }
    assert (stop["action_id"], stop["style"], stop["confirm"]["title"]["text"]) == (
        "airut.stop",
        "danger",
        "Stop task 3?",
    )


def test_slack_takes_them() -> None:
    made = elements(Verb, "repository-of-quite-some-length/" + THREAD, 1_000_000)
    assert faults([{"type": "actions", "elements": made}], "text") == []
