"""The buttons beside a task, pressed on a real socket: what reaches the thread, and what whoever pressed is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from airut.adapters.slack.buttons import elements
from airut.models.slack.thread_button import Verb
from airut.models.threads.command import CommandName, CommandRecord
from airut.models.threads.message import SlackRoute
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from signals.slack.clicks import ENDED, NOT_TAKEN
from tests.signals.slack.pressing import Stage, pressing, status
from tests.support.slack.interaction import click
from tests.support.slack.server import Fault
from tests.support.slack.workspace import TEAM, Json


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with pressing() as running:
        yield running


def buttons(stage: Stage, *verbs: Verb, thread: str | None = None, task: int = 3) -> Json:
    return stage.say({"type": "actions", "elements": elements(verbs, thread or stage.id, task)})


async def test_a_press_is_a_command_for_the_task_that_the_button_stands_beside(stage: Stage) -> None:
    post = buttons(stage, Verb.PAUSE, Verb.STOP)
    envelope = click(stage.server, stage.ann, stage.channel, post, "airut.stop")
    assert await stage.until_told() == "Task 3 is being stopped."
    assert (envelope.acknowledged.is_set(), envelope.tries) == (True, 1)
    (command,) = stage.thread.commands
    assert (command.name, command.task, command.author, command.answered) == (
        CommandName.STOP,
        3,
        f"ann ({stage.ann.id})",
        False,
    )
    assert (command.message.thread, command.message.open_to_authorized) == (stage.id, True)
    assert command.message.route == SlackRoute(
        team=TEAM, channel=stage.channel.id, thread_ts=stage.began["ts"], ts=post["ts"], user=stage.ann.id
    )


async def test_a_state_that_is_reached_is_told(stage: Stage) -> None:
    post = buttons(stage, Verb.STOP)
    click(stage.server, stage.ann, stage.channel, post, "airut.stop")
    await stage.until_told()
    key = stage.thread.commands[0].key
    record = CommandRecord(key=key, name=CommandName.STOP, author="ann", at=datetime.now(UTC), said="Task 3 ended at …")
    stage.thread.shown = status(stage.id, commands=(record,))
    click(stage.server, stage.ann, stage.channel, post, "airut.stop")
    assert await stage.until_told(2) == "Task 3 ended at …"
    assert stage.thread.commands[1].key == key  # the thread takes it once


async def test_a_pause_can_come_again(stage: Stage) -> None:
    post = buttons(stage, Verb.PAUSE)
    for count in (1, 2):
        click(stage.server, stage.ann, stage.channel, post, "airut.pause")
        await stage.until_told(count)
    assert len({command.key for command in stage.thread.commands}) == 2


async def test_a_retry(stage: Stage) -> None:
    post = buttons(stage, Verb.RETRY)
    for count in (1, 2):
        click(stage.server, stage.ann, stage.channel, post, "airut.retry")
        assert await stage.until_told(count) == "Task 4 does task 3 again."
    first, second = stage.thread.retries
    assert (first.task, first.operator, first.author, first.key) == (3, False, f"ann ({stage.ann.id})", second.key)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ThreadAway("UNAVAILABLE"), NOT_TAKEN),
        (ThreadGone(), ENDED),
        (ThreadRefused("Task 3 ended at 14:02."), "Task 3 ended at 14:02."),
        (ValueError("ours"), NOT_TAKEN),
    ],
)
async def test_what_is_not_taken_is_acknowledged_and_said(stage: Stage, failure: Exception, told: str) -> None:
    stage.thread.fails = [failure]
    envelope = click(stage.server, stage.ann, stage.channel, buttons(stage, Verb.RETRY), "airut.retry")
    assert await stage.until_told() == told
    assert envelope.acknowledged.is_set()


async def test_nobody_waits_longer_than_slack_does() -> None:
    async with pressing(limit=0.5) as stage:
        stage.thread.slow = 60.0
        envelope = click(stage.server, stage.ann, stage.channel, buttons(stage, Verb.STOP), "airut.stop")
        assert await stage.until_told() == NOT_TAKEN
        assert (envelope.acknowledged.is_set(), stage.thread.commands) == (True, [])


async def test_slack_does_not_say_who_presses(stage: Stage) -> None:
    stage.server.faults += [Fault("users.info", status=500)]
    click(stage.server, stage.ann, stage.channel, buttons(stage, Verb.STOP), "airut.stop")
    assert await stage.until_told() == NOT_TAKEN
    assert stage.thread.commands == []


async def test_who_may_not_ask_may_not_press(stage: Stage) -> None:
    guest = stage.server.workspace.person("guest", flags=frozenset({"is_restricted"}))
    stranger = stage.server.workspace.person("stranger", flags=frozenset({"is_stranger"}))
    stage.channel.members |= {guest.id, stranger.id}
    post = buttons(stage, Verb.STOP)
    for who in (stranger, guest):
        envelope = click(stage.server, who, stage.channel, post, "airut.stop")
        await stage.server.until(envelope.acknowledged.is_set)
    assert "You are not on the list" in await stage.until_told()
    assert (stage.thread.commands, [user for user, _ in stage.told]) == ([], [guest.id])


async def test_values_of_other_threads_and_messages_of_others_do_nothing(stage: Stage) -> None:
    elsewhere = stage.server.workspace.channel("random", stage.ann)
    own = buttons(stage, Verb.STOP)
    forged = [
        (stage.channel, buttons(stage, Verb.STOP, thread=stage.id.replace("web/", "api/"))),
        (stage.channel, buttons(stage, Verb.STOP, thread=stage.id.replace(TEAM, "T0OTHER"))),
        (stage.channel, buttons(stage, Verb.STOP, thread=f"{stage.id}1")),
        (elsewhere, stage.server.workspace.say(elsewhere, {"blocks": own["blocks"]}, stage.began["ts"])),
        (stage.channel, {**own, "user": stage.ann.id}),
        (stage.channel, {name: value for name, value in own.items() if name != "thread_ts"} | {"ts": "1.000001"}),
        (stage.channel, stage.say({"type": "actions", "elements": [
            {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": "other", "value": "1"}]})),
    ]  # fmt: skip
    for channel, post in forged:
        action = post["blocks"][0]["elements"][0]["action_id"]
        envelope = click(stage.server, stage.ann, channel, post, action)
        await stage.server.until(envelope.acknowledged.is_set)
    assert (stage.thread.commands, stage.server.workspace.ephemeral) == ([], [])
