"""What is pressed in Slack, through the real intake, workers and Temporal."""

import asyncio

from airut.models.tasks.outcome import AgentOutcome
from signals.slack.clicks import NOT_SENT, NOT_TAKEN
from tests.contract.people import Slacking, hears
from tests.support.agent_results import asks, done
from tests.support.installation import Installation
from tests.support.slack.interaction import click, submit
from tests.support.slack.views import View
from tests.support.slack.workspace import Json, User


def with_button(person: Slacking, action_id: str) -> Json | None:
    """Our newest post that has it."""
    for post in reversed(person.ours):
        rows = (block["elements"] for block in post.get("blocks", ()) if block["type"] == "actions")
        if any(element["action_id"] == action_id for row in rows for element in row):
            return post
    return None


async def shown(there: Installation, person: Slacking, action_id: str) -> Json:
    """Our post that has this button, once there is one."""
    await there.until(lambda: with_button(person, action_id) is not None)
    post = with_button(person, action_id)
    assert post is not None
    return post


async def pressed(there: Installation, person: Slacking, action_id: str) -> str:
    post = await shown(there, person, action_id)
    return await answer_to(there, person, person.user, {**post}, action_id)


def told(there: Installation, user: User) -> list[str]:
    """What this person alone was told."""
    return [each["text"] for each in there.slack.workspace.ephemeral if each["user"] == user.id]


async def answer_to(there: Installation, person: Slacking, user: User, post: Json, action_id: str) -> str:
    """What whoever presses is told; a machine that is too busy for two seconds wants it pressed again."""
    while True:
        before = len(told(there, user))
        click(there.slack, user, person.channel, post, action_id)
        await there.until(lambda: len(told(there, user)) > before)  # noqa: B023
        if (said := told(there, user)[-1]) != NOT_TAKEN:
            return said


async def test_a_question_is_answered_with_a_button_after_the_worker_was_killed(there: Installation) -> None:
    person = Slacking(there)
    there.plays(asks(), done("Spaces it is.", bundle=None))
    await person.writes("Indent the file.")
    await hears(person, "ask")
    await there.kill("control")
    post = await shown(there, person, "airut.pick.1")
    before = {**post}
    click(there.slack, person.user, person.channel, post, "airut.pick.1")
    await there.until(lambda: told(there, person.user) == [NOT_TAKEN])
    await there.start("control")
    while len(there.runs(person.thread)) < 2:  # as people do, who are told to press again
        click(there.slack, person.user, person.channel, before, "airut.pick.1")
        await asyncio.sleep(1)
    await hears(person, "done")
    answer = there.runs(person.thread)[1].answer
    assert answer is not None
    assert (answer.replies, answer.author) == (("spaces",), f"{person.user.name} ({person.user.id})")
    await there.until(lambda: with_button(person, "airut.pick.1") is None)
    assert f"✅ *spaces*\n_answered by_ <@{person.user.id}>" in post["blocks"][-1]["text"]["text"]

    other = there.slack.workspace.person("somebody")
    person.channel.members.add(other.id)
    assert "Already answered by" in await answer_to(there, person, other, before, "airut.pick.0")
    assert len(there.runs(person.thread)) == 2


def opened(there: Installation, person: Slacking) -> list[View]:
    return [view for view in there.slack.workspace.views.values() if view.user == person.user.id]


async def test_own_words(there: Installation) -> None:
    person = Slacking(there)
    there.plays(asks(), done("As you like.", bundle=None))
    await person.writes("Indent the file.")
    post = await shown(there, person, "airut.other")
    while not (views := opened(there, person)):  # what opens it lives for three seconds
        click(there.slack, person.user, person.channel, post, "airut.other")
        refused = len(told(there, person.user))
        await there.until(lambda: bool(opened(there, person)) or len(told(there, person.user)) > refused)  # noqa: B023
    field = views[0].body["blocks"][-1]["block_id"]
    await submit(there.slack, person.user, views[0], {field: "half and half"})
    while views[0].open:
        assert views[0].errors == {field: NOT_SENT}
        await submit(there.slack, person.user, views[0], {field: "half and half"})
    await hears(person, "done")
    _, second = there.runs(person.thread)
    assert second.answer is not None
    assert second.answer.replies == ("half and half",)


async def test_what_has_failed_is_done_again(there: Installation) -> None:
    person = Slacking(there)
    there.plays(done("", AgentOutcome.FAILED, bundle=None), done("Better now.", bundle=None))
    await person.writes("Add a file.")
    await hears(person, "done")
    assert await pressed(there, person, "airut.retry") == "Task 2 does task 1 again."
    _, answer = await hears(person, "done", 2)
    assert "Better now." in answer.text


async def test_a_task_is_paused_resumed_and_stopped_with_the_buttons_below_it(there: Installation) -> None:
    person = Slacking(there)
    there.host.gate.clear()
    there.host.interrupted = done("", AgentOutcome.STOPPED, bundle=None)
    await person.writes("A long one.")
    await there.until(lambda: len(there.runs(person.thread)) == 1)
    said = [await pressed(there, person, f"airut.{verb}") for verb in ("pause", "resume")]
    await there.until(lambda: len(there.runs(person.thread)) == 2)
    await pressed(there, person, "airut.stop")
    (stopped,) = await hears(person, "done")
    assert "The task was stopped by" in stopped.text
    await there.until(lambda: with_button(person, "airut.stop") is None)
    assert said[1] == "Task 1 goes on. No message waits."
    assert len(there.runs(person.thread)) == 2
