"""Questions answered on a real socket: buttons, menus, boxes, and words in a form."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from airut.adapters.slack.questions import question_post
from airut.adapters.slack.text.mentions import Mentions
from airut.models.questions.asked import Asked
from airut.models.questions.question import ItemAnswer, Option, Question, QuestionItem
from airut.models.slack.question_place import QuestionPlace
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from signals.slack.answer_clicks import INCOMPLETE
from signals.slack.clicks import ENDED, NOT_SENT, NOT_TAKEN
from tests.signals.slack.pressing import Stage, pressing
from tests.support.messages import NOON
from tests.support.slack.interaction import choose, click, close, submit
from tests.support.slack.methods import BOT_TOKEN
from tests.support.slack.server import Fault
from tests.support.slack.views import View
from tests.support.slack.workspace import Json, User

PLACE = QuestionPlace(task=3, question_id="toolu_1")
TAKEN = "Already answered by bo (U2), 2026-03-29 14:02 UTC."


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with pressing() as running:
        yield running


def item(options: int, *, multiple: bool = False) -> QuestionItem:
    made = tuple(Option(label=f"choice {number}") for number in range(options))
    return QuestionItem(text="Which *one*?", options=made, multiple=multiple)


def ask(stage: Stage, *items: QuestionItem) -> Json:
    question = Question(id="toolu_1", items=items, tool="AskUserQuestion")
    asked = Asked(key="k", thread=stage.id, task=3, at=NOON, question=question, routes=())
    return stage.say(*question_post(asked, Mentions(())).blocks())


async def until_answered(stage: Stage, count: int = 1) -> tuple[ItemAnswer, ...]:
    await stage.server.until(lambda: len(stage.thread.answers) >= count)
    return stage.thread.answers[-1].items


def picked(*chosen: int, text: str = "") -> ItemAnswer:
    return ItemAnswer(chosen=chosen, text=text)


async def test_a_button_is_an_answer(stage: Stage) -> None:
    envelope = click(stage.server, stage.ann, stage.channel, ask(stage, item(2)), "airut.pick.1")
    assert await until_answered(stage) == (picked(1),)
    (order,) = stage.thread.answers
    assert (order.question_id, order.task, order.author) == ("toolu_1", 3, f"ann ({stage.ann.id})")
    await stage.server.until(envelope.acknowledged.is_set)
    assert stage.told == []  # the message itself will show it


async def test_a_menu_answers_with_what_is_chosen(stage: Stage) -> None:
    choose(stage.server, stage.ann, stage.channel, ask(stage, item(12)), "airut.select", "11")
    assert await until_answered(stage) == (picked(11),)


@pytest.mark.parametrize("options", [3, 11])
async def test_several_choices_are_sent_together(stage: Stage, options: int) -> None:
    post = ask(stage, item(options, multiple=True))
    for values in (("0",), ("0", "2")):
        choose(stage.server, stage.ann, stage.channel, post, "airut.choose", *values)
    click(stage.server, stage.ann, stage.channel, post, "airut.send")
    assert await until_answered(stage) == (picked(0, 2),)
    assert len(stage.thread.answers) == 1


async def test_several_questions_are_sent_together_and_whole(stage: Stage) -> None:
    post = ask(stage, item(2), item(3, multiple=True), item(11))
    choose(stage.server, stage.ann, stage.channel, post, "airut.choose", "1")
    click(stage.server, stage.ann, stage.channel, post, "airut.send")
    assert await stage.until_told() == INCOMPLETE
    bo = stage.server.workspace.person("bo")
    stage.channel.members.add(bo.id)
    for who in (stage.ann, bo):  # what one has chosen is not what the other has
        for number, values in enumerate((("0",), ("0", "2"), ("7",))):
            chooses(stage, who, post, number, *(values if who is bo else ()))
    click(stage.server, bo, stage.channel, post, "airut.send")
    assert await until_answered(stage) == (picked(0), picked(0, 2), picked(7))


def chooses(stage: Stage, who: User, post: Json, number: int, *values: str) -> None:
    choose(stage.server, who, stage.channel, post, "airut.choose", *values, block_id=PLACE.item(number))


async def form(stage: Stage, post: Json) -> View:
    click(stage.server, stage.ann, stage.channel, post, "airut.other")
    await stage.server.until(lambda: bool(stage.server.workspace.views))
    (view,) = stage.server.workspace.views.values()
    return view


async def test_own_words_come_in_a_form(stage: Stage) -> None:
    view = await form(stage, ask(stage, item(2)))
    assert [block["type"] for block in view.body["blocks"]] == ["section", "input"]
    assert "*Which _one_?*" in view.body["blocks"][0]["text"]["text"]
    envelope = await submit(stage.server, stage.ann, view, {PLACE.own(0): " neither\nof them "})
    assert (envelope.response, view.open, stage.thread.answers[0].items) == (
        None,
        False,
        (picked(text="neither\nof them"),),
    )
    assert stage.thread.answers[0].task == 3


async def test_a_form_for_several_has_what_was_chosen_and_wants_all_answered(stage: Stage) -> None:
    post = ask(stage, item(2), item(11, multiple=True), item(0))
    chooses(stage, stage.ann, post, 1, "1")
    view = await form(stage, post)
    choice = next(block for block in view.body["blocks"] if block.get("block_id") == PLACE.item(1))
    assert [option["value"] for option in choice["element"]["initial_options"]] == ["1"]
    given: dict[str, Any] = {PLACE.item(1): ["1", "3"], PLACE.own(2): "free"}
    await submit(stage.server, stage.ann, view, given)
    assert view.errors == {PLACE.own(0): "Choose something, or say it here."}
    assert stage.thread.answers == []
    await submit(stage.server, stage.ann, view, {**given, PLACE.item(0): "1", PLACE.own(1): "and more"})
    assert stage.thread.answers[0].items == (picked(1), picked(1, 3, text="and more"), picked(text="free"))


async def test_an_answer_holds_no_secret(stage: Stage) -> None:
    view = await form(stage, ask(stage, item(2)))
    await submit(stage.server, stage.ann, view, {PLACE.own(0): f"use {BOT_TOKEN}"})
    assert stage.thread.answers[0].items == (picked(text="use ***"),)


async def test_a_form_that_is_closed_answers_nothing(stage: Stage) -> None:
    view = await form(stage, ask(stage, item(2)))
    assert close(stage.server, stage.ann, view) is None
    assert stage.thread.answers == []


@pytest.mark.parametrize(
    ("failure", "pressed", "sent"),
    [
        (ThreadAway("UNAVAILABLE"), NOT_TAKEN, NOT_SENT),
        (ThreadGone(), ENDED, ENDED),
        (ThreadRefused(TAKEN), TAKEN, TAKEN),
    ],
)
async def test_what_is_not_taken_is_said_where_it_was_tried(
    stage: Stage, failure: Exception, pressed: str, sent: str
) -> None:
    post = ask(stage, item(2))
    view = await form(stage, post)
    stage.thread.fails = [failure, failure]
    click(stage.server, stage.ann, stage.channel, post, "airut.pick.0")
    assert await stage.until_told() == pressed
    await submit(stage.server, stage.ann, view, {PLACE.own(0): "neither"})
    assert (view.errors, view.open) == ({PLACE.own(0): sent}, True)  # what was written is not lost


async def test_who_may_not_ask_may_not_answer(stage: Stage) -> None:
    guest = stage.server.workspace.person("guest", flags=frozenset({"is_restricted"}))
    stranger = stage.server.workspace.person("stranger", flags=frozenset({"is_stranger"}))
    stage.channel.members |= {guest.id, stranger.id}
    post = ask(stage, item(2))
    for who in (stranger, guest):
        click(stage.server, who, stage.channel, post, "airut.pick.0")
    assert "You are not on the list" in await stage.until_told()
    for who in (stranger, guest):
        click(stage.server, who, stage.channel, post, "airut.other")
    await stage.server.until(lambda: len(stage.server.workspace.views) == 2)
    of_stranger, of_guest = sorted(stage.server.workspace.views.values(), key=lambda view: view.user == guest.id)
    await submit(stage.server, stranger, of_stranger, {PLACE.own(0): "do harm"})
    await submit(stage.server, guest, of_guest, {PLACE.own(0): "please"})
    assert (of_stranger.errors, of_stranger.open) == (None, False)
    assert "You are not on the list" in str(of_guest.errors)
    assert stage.thread.answers == []


async def test_the_form_is_opened_before_slack_says_who_presses(stage: Stage) -> None:
    stage.server.faults += [Fault("users.info", status=500)] * 3
    await form(stage, ask(stage, item(2)))
    assert "users.info" not in [name for name, _ in stage.server.calls]


async def test_a_form_that_cannot_be_opened_any_more(stage: Stage) -> None:
    stage.server.workspace.trigger_life = 0.0
    click(stage.server, stage.ann, stage.channel, ask(stage, item(2)), "airut.other")
    assert await stage.until_told() == NOT_TAKEN


async def test_questions_of_other_messages_do_nothing(stage: Stage) -> None:
    post = ask(stage, item(2))
    for forged in (
        {**post, "user": stage.ann.id},
        {**post, "blocks": [{**block, "block_id": "airut.ask.3.toolu_1"} for block in post["blocks"]]},
    ):
        envelope = click(stage.server, stage.ann, stage.channel, forged, "airut.pick.0")
        await stage.server.until(envelope.acknowledged.is_set)
    await asyncio.sleep(0.1)
    assert (stage.thread.answers, stage.server.workspace.ephemeral) == ([], [])
