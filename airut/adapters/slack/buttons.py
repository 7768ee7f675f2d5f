"""A task's buttons as Block Kit elements (https://docs.slack.dev/reference/block-kit). Pure."""

from collections.abc import Iterable
from typing import Any

from airut.models.slack.thread_button import ThreadButton, Verb

Json = dict[str, Any]
LABELS = {Verb.PAUSE: "Pause", Verb.RESUME: "Resume", Verb.STOP: "Stop", Verb.RETRY: "Retry"}


def elements(verbs: Iterable[Verb], thread: str, task: int) -> list[Json]:
    """The buttons of these verbs, for an `actions` block, in this order."""
    return [element(ThreadButton(verb=verb, thread=thread, task=task)) for verb in verbs]


def element(button: ThreadButton) -> Json:
    """One button; a stop, which cannot be taken back, is asked about before it is carried out."""
    made: Json = {
        "type": "button",
        "text": plain(LABELS[button.verb]),
        "action_id": button.action_id,
        "value": button.value,
    }
    if button.verb is Verb.STOP:
        made |= {"style": "danger", "confirm": _confirm_stop(button.task)}
    return made


def plain(text: str) -> Json:
    """A text object without markup."""
    return {"type": "plain_text", "text": text}


def _confirm_stop(task: int) -> Json:
    return {
        "title": plain(f"Stop task {task}?"),
        "text": plain("What was done so far stays in the workspace, unpublished. The conversation can go on from it."),
        "confirm": plain("Stop"),
        "deny": plain("Keep running"),
        "style": "danger",
    }
