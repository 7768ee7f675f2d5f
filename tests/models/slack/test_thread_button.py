"""Buttons and back."""

import pytest

from airut.models.slack.thread_button import ThreadButton, Verb, read_button

THREAD = "web/slack/T0TEAM-C0AB-1700000000.000100"


@pytest.mark.parametrize("verb", Verb)
def test_there_and_back(verb: Verb) -> None:
    button = ThreadButton(verb=verb, thread=THREAD, task=3)
    assert (button.action_id, button.value) == (f"airut.{verb}", f"3 {THREAD}")
    assert read_button(button.action_id, button.value) == button


@pytest.mark.parametrize(
    ("action_id", "value"),
    [
        ("airut.close", f"3 {THREAD}"),
        ("other.stop", f"3 {THREAD}"),
        ("airut.stop", THREAD),
        ("airut.stop", f"three {THREAD}"),
        ("airut.stop", f"-1 {THREAD}"),
        ("airut.stop", f"3 {THREAD} "),
        ("airut.stop", f"3 {THREAD}\n"),
        ("airut.stop", ""),
    ],
)
def test_what_we_did_not_make(action_id: str, value: str) -> None:
    assert read_button(action_id, value) is None
