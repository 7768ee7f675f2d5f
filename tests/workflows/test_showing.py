"""What tasks and threads have their channel show, in which order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut import contracts
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import ShowOrder
from airut.models.tasks.shown import Shown, ShownState
from airut.models.threads.command import CommandName
from airut.temporal.delivery import deliver
from tests.support.agent_results import asks, done
from tests.support.asking import LIMIT, idle_after, orders, until
from tests.support.messages import mail, post
from tests.support.scripted_activities import ScriptedActivities, in_turn
from workflows import showing

S = ShownState


@pytest.fixture
async def follows(temporal: WorkflowEnvironment, activities: ScriptedActivities) -> AsyncIterator[None]:
    """A worker that shows how far agents are."""
    async with Worker(
        temporal.client,
        task_queue=contracts.PROGRESS_QUEUE,
        activities=[activities.follow_progress],
        max_heartbeat_throttle_interval=timedelta(seconds=0.1),
    ):
        yield


@pytest.fixture(autouse=True)
def of_this_thread(activities: ScriptedActivities, thread: str) -> None:
    """What the thread of the test before has left to show is done by this one's worker: their queue is the same."""
    activities.shows = thread


def states(activities: ScriptedActivities, task: int) -> list[ShownState]:
    return [order.look.state for order in activities.shown if order.task == task]


async def shown(activities: ScriptedActivities, *reached: tuple[int, ShownState]) -> None:
    async with asyncio.timeout(LIMIT):
        while not all(state in states(activities, task) for task, state in reached):
            await asyncio.sleep(0.02)


async def test_a_task_is_shown_from_its_start_to_its_end_and_its_agent_is_followed(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, follows: None
) -> None:
    activities.gate.clear()
    activities.show = lambda order: Shown(message="1.1", state=order.look.state, follows=True)
    await deliver(temporal.client, post("first", thread))
    await shown(activities, (1, S.RUNNING))
    async with asyncio.timeout(LIMIT):
        while not activities.followed:
            await asyncio.sleep(0.02)
    await deliver(temporal.client, post("second", thread))
    await shown(activities, (1, S.QUEUED))
    await orders(temporal.client, thread, CommandName.PAUSE)
    await shown(activities, (1, S.PAUSED))
    activities.gate.set()
    await orders(temporal.client, thread, CommandName.RESUME)
    await idle_after(temporal.client, thread, 2)
    await shown(activities, (2, S.CLOSED))

    first = [order for order in activities.shown if order.task == 1 and order.look.state is not S.QUEUED]
    assert [order.look.state for order in first][:3] == [S.PREPARING, S.RUNNING, S.PAUSED]
    assert [order.look.state for order in first][-1] is S.CLOSED
    assert [order.number for order in first] == sorted(order.number for order in first)
    assert {order.shown.message for order in first[1:]} == {"1.1"}
    assert (first[-1].outcome, first[-1].spent_usd) == (TaskOutcome.SUCCESS, 0.25)
    assert (first[0].title, first[1].title) == ("Add a file", "")
    assert activities.followed[0].number > first[1].number

    (queued,) = [order for order in activities.shown if order.look.state is S.QUEUED]
    second = [order for order in activities.shown if order.task == 2]
    assert queued.routes == second[0].routes == second[0].waited == second[-1].waited
    assert all(order.waited == () for order in second[1:-1])


async def test_a_task_closes_after_its_follower(
    temporal: WorkflowEnvironment,
    activities: ScriptedActivities,
    thread: str,
    follows: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that outlives its workflow fails, with a traceback in the log of every quiet task."""
    monkeypatch.setattr(showing, "LAST_WORD", timedelta(seconds=60))  # a busy machine can take more than five
    activities.show = lambda order: Shown(message="1.1", state=order.look.state, follows=True)
    activities.lets_go = 1.0
    activities.gate.clear()
    await deliver(temporal.client, post("first", thread))
    async with asyncio.timeout(LIMIT):
        while not activities.followed:
            await asyncio.sleep(0.02)
    activities.gate.set()
    await idle_after(temporal.client, thread, 1)
    history = await temporal.client.get_workflow_handle(f"{thread}/task-1").fetch_history()
    kinds = [EventType.Name(event.event_type) for event in history.events]
    assert kinds.count("EVENT_TYPE_ACTIVITY_TASK_CANCELED") == 1


async def test_what_cannot_be_shown_holds_up_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def away(order: ShowOrder) -> Shown:
        raise ApplicationError("Slack is away")

    activities.show = away
    await deliver(temporal.client, post("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.SUCCESS]


async def test_a_question_and_its_answer_are_shown(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    in_turn(activities, asks(), done("Done."))
    activities.show = lambda order: Shown(message="1.1")
    await deliver(temporal.client, post("first", thread))
    await until(temporal.client, thread, lambda status: status.question is not None)
    await shown(activities, (1, S.QUESTION))
    await deliver(temporal.client, post("1", thread))
    await idle_after(temporal.client, thread, 1)
    await shown(activities, (1, S.CLOSED))
    asked = next(order for order in activities.shown if order.look.state is S.QUESTION)
    assert (asked.look.detail, asked.spent_usd) == ("Tabs or spaces?", 0.0)
    # The answer is one of what was asked for; on a busy machine it was shown by itself before, as one that waits.
    closed = [order for order in activities.shown if order.look.state is S.CLOSED]
    assert 2 in [len(order.routes) for order in closed], (activities.shown, activities.agent_inputs)
    assert activities.followed == []  # where the channel's message does not tell it


async def test_a_task_that_was_terminated_is_shown_as_ended(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    activities.show = lambda order: Shown(message="1.1")
    await deliver(temporal.client, post("first", thread))
    await shown(activities, (1, S.RUNNING))
    await temporal.client.get_workflow_handle(f"{thread}/task-1").terminate()
    activities.gate.set()
    await shown(activities, (1, S.CLOSED))
    assert (activities.shown[-1].outcome, activities.shown[-1].shown) == (TaskOutcome.INTERNAL_ERROR, Shown())


async def test_nothing_is_shown_of_what_came_by_mail(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert [order for order in activities.shown if order.thread == thread] == []
