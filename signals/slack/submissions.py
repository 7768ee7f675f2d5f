"""What somebody has sent off in a form (spec: slack §9), as Slack sends it: `view_submission`. Pure.

https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from airut.models.base import Model
from airut.models.questions.question import ItemAnswer
from airut.models.slack.answer_form import AnswerForm
from signals.slack.presses import all_chosen, places


class Sent(Model):
    """`items` are one answer for each item of the question; `view` is the form's id."""

    form: AnswerForm
    user: str
    home: str | None
    view: str
    items: tuple[ItemAnswer, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The fields of items without an answer."""
        empty = (number for number, item in enumerate(self.items) if not item.chosen and not item.text)
        return tuple(self.form.place.own(number) for number in empty)


def read_sent(body: Mapping[str, Any]) -> Sent:
    """Raises: LookupError: it is none of our forms"""
    view = body["view"]
    try:
        form = AnswerForm.model_validate_json(view.get("private_metadata") or "")
    except ValidationError as error:
        raise LookupError("another form") from error
    values = all_chosen((view.get("state") or {}).get("values") or {})
    return Sent(
        form=form,
        user=body["user"]["id"],
        home=body["user"].get("team_id"),
        view=view["id"],
        items=tuple(
            ItemAnswer(
                chosen=places(values.get(form.place.item(number), ())),
                text=next(iter(values.get(form.place.own(number), ())), "").strip(),
            )
            for number in range(form.items)
        ),
    )
