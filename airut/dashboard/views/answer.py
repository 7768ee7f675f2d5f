"""What an agent asks, answered from its thread's page: the same order that a channel's buttons give."""

from starlette.datastructures import FormData
from starlette.responses import Response

from airut.dashboard.form_key import given_key, message_key
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.views.thread import path_of
from airut.models.login import Role
from airut.models.questions.question import ITEMS_MOST, ItemAnswer
from airut.models.threads.command import AnswerOrder
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused

PLACES = 3
"""Digits of an option's place: the agent's tool takes four options."""


async def answer(visit: Visit) -> Response:
    """Idempotent: the form has a key of its own, and a thread knows the keys of what it was given."""
    form, id_ = await visit.form(), visit.path("id")
    config, task = visit.ports.config(), str(form.get("task", ""))
    items = picked(form)
    if config is not None:  # Temporal takes no secret, and neither does anybody's agent
        items = tuple(item.model_copy(update={"text": config.redactor.text(item.text)}) for item in items)
    order = AnswerOrder(
        question_id=str(form.get("question", "")),
        items=items,
        task=int(task) if task.isdecimal() else None,
        author=visit.login.actor,
        key=message_key(id_, given_key(str(form.get("key", "")))),
        at=visit.ports.clock(),
    )
    try:
        await visit.ports.control.answer(id_, order)
    except ThreadRefused as error:
        raise Problem(409, str(error)) from None
    except ThreadGone:
        raise Problem(409, "This conversation has ended; a new message begins it again.") from None
    except ThreadAway as error:
        raise Problem(503, f"The thread does not answer ({error}). Sending it once more does no harm.") from None
    return visit.back(path_of(id_))


def picked(form: FormData) -> tuple[ItemAnswer, ...]:
    """What a form answers, item by item. Pure.

    Raises:
        Problem: it is no form of ours, or leaves something open.
    """
    count = str(form.get("items", ""))
    if not (count.isdecimal() and len(count) == 1 and 1 <= int(count) <= ITEMS_MOST):
        raise Problem(422, "This form answers nothing. Reload the page, and send it again.")
    items = tuple(_item(form, number) for number in range(int(count)))
    if not all(item.chosen or item.text for item in items):
        raise Problem(422, "Something is not answered yet. Go back, and choose or write an answer to everything.")
    return items


def _item(form: FormData, number: int) -> ItemAnswer:
    places = [str(place) for place in form.getlist(f"chosen-{number}")]
    if not all(place.isdecimal() and len(place) <= PLACES for place in places):
        raise Problem(422, "This form chooses what is not there. Reload the page, and send it again.")
    text = str(form.get(f"text-{number}", "")).replace("\r\n", "\n").strip()
    return ItemAnswer(chosen=tuple(map(int, places)), text=text)


PAGES = (Page("/threads/{id:path}/answer", answer, Role.OPERATOR, method="POST"),)
