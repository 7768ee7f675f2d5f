"""What is pressed in Slack, through the real intake, workers and Temporal."""

import asyncio

from airut.models.tasks.outcome import AgentOutcome
from signals.slack.clicks import NOT_TAKEN
from tests.contract.people import Slacking, hears
from tests.support.agent_results import asks, done
from tests.support.installation import LIMIT, Installation
from tests.support.slack.interaction import click, submit
from tests.support.slack.workspace import Json


def with_button(person: Slacking, action_id: str) -> Json | None:
    """Our newest post that has it."""
    for post in reversed(person.ours):
        rows = (block["elements"] for block in post.get("blocks", ()) if block["type"] == "actions")
        if any(element["action_id"] == action_id for row in rows for element in row):
            return post
    return None


async def pressed(there: Installation, person: Slacking, action_id: str) -> Json:
    await there.until(lambda: with_button(person, action_id) is not None)
    post = with_button(person, action_id)
    assert post is not None
    click(there.slack, person.user, person.channel, post, action_id)
    return post


async def whispered(there: Installation, person: Slacking) -> list[str]:
    """What this person alone was told, once there is more of it."""

    def told() -> list[str]:
        return [each["text"] for each in there.slack.workspace.ephemeral if each["user"] == person.user.id]

    before = len(told())
    await there.until(lambda: len(told()) > before)
    return told()


async def test_a_question_is_answered_with_a_button_after_the_worker_was_killed(there: Installation) -> None:
    person = Slacking(there)
    there.plays(asks(), done("Spaces it is.", bundle=None))
    await person.writes("Indent the file.")
    await hears(person, "ask")
    await there.kill("control")
    post = await pressed(there, person, "airut.pick.1")
    blocks = post["blocks"]
    told = there.slack.workspace.ephemeral
    await there.until(lambda: [each["text"] for each in told if each["user"] == person.user.id] == [NOT_TAKEN])
    await there.start("control")
    while len(there.runs(person.thread)) < 2:  # as people do, who are told to press again
        click(there.slack, person.user, person.channel, {**post, "blocks": blocks}, "airut.pick.1")
        await asyncio.sleep(1)
    await hears(person, "done")
    answer = there.runs(person.thread)[1].answer
    assert answer is not None
    assert (answer.replies, answer.author) == (("spaces",), f"{person.user.name} ({person.user.id})")
    await there.until(lambda: with_button(person, "airut.pick.1") is None)
    assert f"✅ *spaces*\n_answered by_ <@{person.user.id}>" in post["blocks"][-1]["text"]["text"]

    other = there.slack.workspace.person("somebody")
    person.channel.members.add(other.id)
    click(there.slack, other, person.channel, {**post, "blocks": blocks}, "airut.pick.0")
    await there.until(lambda: any("Already answered by" in each["text"] for each in told if each["user"] == other.id))
    assert len(there.runs(person.thread)) == 2


async def test_own_words(there: Installation) -> None:
    person = Slacking(there)
    there.plays(asks(), done("As you like.", bundle=None))
    await person.writes("Indent the file.")
    await pressed(there, person, "airut.other")
    views = there.slack.workspace.views
    await there.until(lambda: any(view.user == person.user.id for view in views.values()))
    view = next(view for view in views.values() if view.user == person.user.id)
    field = view.body["blocks"][-1]["block_id"]
    await submit(there.slack, person.user, view, {field: "half and half"})
    assert (view.open, view.errors) == (False, None)
    await hears(person, "done")
    _, second = there.runs(person.thread)
    assert second.answer is not None
    assert second.answer.replies == ("half and half",)


async def test_what_has_failed_is_done_again(there: Installation) -> None:
    person = Slacking(there)
    there.plays(done("", AgentOutcome.FAILED, bundle=None), done("Better now.", bundle=None))
    await person.writes("Add a file.")
    await hears(person, "done")
    await pressed(there, person, "airut.retry")
    while (said := await whispered(there, person))[-1] == NOT_TAKEN:  # a machine that is too busy for two seconds
        await pressed(there, person, "airut.retry")
    assert said[-1] == "Task 2 does task 1 again."
    _, answer = await hears(person, "done", 2)
    assert "Better now." in answer.text


async def test_a_task_is_paused_resumed_and_stopped_with_the_buttons_below_it(there: Installation) -> None:
    person = Slacking(there)
    there.host.gate.clear()
    there.host.interrupted = done("", AgentOutcome.STOPPED, bundle=None)
    await person.writes("A long one.")
    await there.until(lambda: len(there.runs(person.thread)) == 1)
    for action_id, runs in (("airut.pause", 1), ("airut.resume", 2), ("airut.stop", 2)):
        await pressed(there, person, action_id)
        async with asyncio.timeout(LIMIT):
            while len(there.runs(person.thread)) != runs:
                await asyncio.sleep(0.05)
    (stopped,) = await hears(person, "done")
    assert "The task was stopped by" in stopped.text
    await there.until(lambda: with_button(person, "airut.stop") is None)
    told = [each["text"] for each in there.slack.workspace.ephemeral if each["user"] == person.user.id]
    assert told[1] == "Task 1 goes on. No message waits."
