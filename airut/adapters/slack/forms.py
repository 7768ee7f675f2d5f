"""The form for an answer in one's own words: a modal (https://docs.slack.dev/surfaces/modals)."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.buttons import plain
from airut.adapters.slack.web.failures import AWAY, code
from airut.models.slack.answer_form import AnswerForm, FormItem
from airut.models.slack.question_place import CHOOSE, MODAL, OWN
from airut.ports.slack import SlackAway

WORDS = 3_000
"""Characters that a text field takes."""

Json = dict[str, Any]


class SlackForms:
    """Implements `signals.slack.answer_clicks.Forms`."""

    def __init__(self, web: AsyncWebClient) -> None:
        self._web = web

    async def open(self, trigger: str, form: AnswerForm, items: Sequence[FormItem]) -> None:
        """Raises: SlackAway: it does not show"""
        try:
            await self._web.views_open(trigger_id=trigger, view=modal(form, items))
        except AWAY as error:
            raise SlackAway(f"views.open: {code(error)}") from None


def modal(form: AnswerForm, items: Sequence[FormItem]) -> Json:
    """Each item with what can be chosen and sent together, and a field for words."""
    blocks: list[Json] = []
    for number, item in enumerate(items):
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": item.text}})
        choice = item.element if item.element and item.element["action_id"] == CHOOSE else None
        if choice is not None:
            blocks.append(_choice(form, number, item, choice))
        words: Json = {"type": "plain_text_input", "action_id": OWN, "multiline": True, "max_length": WORDS}
        label = "In your own words" if choice is None else "Or in your own words"
        field: Json = {"type": "input", "block_id": form.place.own(number), "label": plain(label), "element": words}
        blocks.append(field | {"optional": choice is not None})
    return {
        "type": "modal",
        "callback_id": MODAL,
        "title": plain("Your answer"),
        "submit": plain("Send"),
        "close": plain("Cancel"),
        "private_metadata": form.model_dump_json(),
        "blocks": blocks,
    }


def _choice(form: AnswerForm, number: int, item: FormItem, element: Any) -> Json:
    """The same element as in the message, with what was chosen there."""
    shown = {name: value for name, value in element.items() if not name.startswith("initial_")}
    chosen = [option for option in element["options"] if option["value"] in item.chosen]
    if chosen and element["type"] in ("checkboxes", "multi_static_select"):
        shown["initial_options"] = chosen
    elif chosen:
        shown["initial_option"] = chosen[0]
    return {
        "type": "input",
        "block_id": form.place.item(number),
        "label": plain("Choose"),
        "element": shown,
        "optional": True,
    }
