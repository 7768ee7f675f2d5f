"""Answers to questions (spec: slack §9): an option that is pressed, what is chosen and sent, or own words in a form. It
is opened before anything else, since what opens it lives for three seconds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from airut.models.credentials.redaction import Redactor
from airut.models.questions.question import ItemAnswer
from airut.models.slack.answer_form import AnswerForm, FormItem
from airut.models.slack.question_place import OTHER, PICK, SELECT, SEND, QuestionPlace, read_place
from airut.models.slack.thread import slack_thread
from airut.models.threads.command import AnswerOrder
from airut.ports.slack import SlackBot
from airut.ports.thread_control import ThreadControl
from signals.slack.clicks import Carried, Refused
from signals.slack.presses import Press, key_of, places
from signals.slack.submissions import Sent

INCOMPLETE = "Choose an answer for each question first, or press *Other…* for your own words."


class Forms(Protocol):
    async def open(self, trigger: str, form: AnswerForm, items: Sequence[FormItem]) -> None:
        """Show a form to whoever has pressed. Raises: SlackAway"""
        ...


class AnswerClicks:
    def __init__(self, repo: str, threads: ThreadControl, forms: Forms, redactor: Redactor | None = None) -> None:
        """What `redactor` knows is taken out of answers."""
        self._redactor = redactor or Redactor()
        self._repo = repo
        self._threads = threads
        self._forms = forms

    async def first(self, press: Press) -> bool:
        """Open the form, if that is what is wanted. Who may answer is asked when it is sent."""
        place = read_place(press.block_id)
        if press.action_id != OTHER or place is None:
            return False
        items = _items(press, place)
        form = AnswerForm(channel=press.channel, thread_ts=press.thread_ts, place=place, items=len(items))
        await self._forms.open(press.trigger, form, items)
        return True

    async def __call__(self, press: Press, author: str, bot: SlackBot) -> Carried | None:
        """None: nothing that answers. Raises: as `ThreadControl`; Refused"""
        place = read_place(press.block_id)
        given = _given(press, place) if place else None
        if place is None or given is None:
            return None
        if not all(item.chosen for item in given):
            raise Refused(INCOMPLETE)
        await self._answer(press.thread(self._repo, bot), place, given, author, key_of(press.user, press.at, place.all))
        return Carried()

    async def sent(self, sent: Sent, author: str, bot: SlackBot) -> None:
        """Raises: as `ThreadControl`"""
        thread = slack_thread(self._repo, bot.team, sent.form.channel, sent.form.thread_ts)
        await self._answer(thread, sent.form.place, sent.items, author, key_of(sent.user, sent.view))

    async def _answer(
        self, thread: str, place: QuestionPlace, items: tuple[ItemAnswer, ...], author: str, key: str
    ) -> None:
        # Temporal takes no secret, and neither does anybody's agent.
        items = tuple(item.model_copy(update={"text": self._redactor.text(item.text)}) for item in items)
        order = AnswerOrder(
            question_id=place.question_id, items=items, author=author, key=key, at=datetime.now(UTC), task=place.task
        )
        await self._threads.answer(thread, order)


def _given(press: Press, place: QuestionPlace) -> tuple[ItemAnswer, ...] | None:
    """What the press answers; None where it only chooses."""
    if press.action_id.startswith(f"{PICK}.") or press.action_id == SELECT:
        return (ItemAnswer(chosen=places([press.value])),)
    if press.action_id != SEND:
        return None
    return tuple(
        ItemAnswer(chosen=places(press.chosen.get(place.item(number), ()))) for number in range(_count(press, place))
    )


def _count(press: Press, place: QuestionPlace) -> int:
    """How many items the message shows."""
    texts = {place.text(number) for number in range(10)}
    return sum(block.get("block_id") in texts for block in press.blocks)


def _items(press: Press, place: QuestionPlace) -> tuple[FormItem, ...]:
    by_id = {block.get("block_id"): block for block in press.blocks}
    return tuple(
        FormItem(
            text=by_id[place.text(number)]["text"]["text"],
            element=_element(by_id.get(place.item(number))),
            chosen=press.chosen.get(place.item(number), ()),
        )
        for number in range(_count(press, place))
    )


def _element(block: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if block is None:
        return None
    element: Mapping[str, Any] = block["accessory"] if "accessory" in block else block["elements"][0]
    return element
