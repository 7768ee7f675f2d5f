"""Firings of schedules against a real Temporal server: real schedules, real threads, scripted activities."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, ScheduleBackfill, ScheduleHandle, ScheduleOverlapPolicy, WorkflowExecution
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from airut.models.blob import Text
from airut.models.schedules.firing import FiringEnd, FiringResult, ScheduledTask, TriggerInput, TriggerResult
from airut.models.schedules.schedule import DeliverTo, ScheduleSettings
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.message import ChannelKind, MailRoute, SlackRoute
from airut.temporal.delivery import deliver
from airut.temporal.schedules import as_schedule, scheduled_task
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from workflows.schedule import ScheduledTaskWorkflow

Make = Callable[..., "asyncio.Future[Scheduled]"]

LIMIT = 60.0


class Scheduled:
    """One schedule on the server, and what became of its firings."""

    def __init__(self, client: Client, task: ScheduledTask) -> None:
        self.client = client
        self.task = task
        self.handle: ScheduleHandle = client.get_schedule_handle(task.id)

    async def firings(self) -> list[WorkflowExecution]:
        """Oldest first."""
        query = f"TemporalScheduledById = '{self.task.id}'"
        found = [each async for each in self.client.list_workflows(query)]
        return sorted(found, key=lambda each: each.id)

    async def results(self, count: int) -> list[FiringResult]:
        """Wait for this many firings to end, and return what came of each, oldest first."""
        async with asyncio.timeout(LIMIT):
            while len(found := await self.firings()) < count:
                await asyncio.sleep(0.05)
            return [await self.client.get_workflow_handle(each.id, result_type=FiringResult).result() for each in found]

    async def backfill(self, *moments: datetime) -> None:
        """Fire for these times as if they were missed, one after another."""
        for moment in moments:
            minute = timedelta(seconds=30)
            await self.handle.backfill(
                ScheduleBackfill(
                    start_at=moment - minute, end_at=moment + minute, overlap=ScheduleOverlapPolicy.ALLOW_ALL
                )
            )
            await asyncio.sleep(0.3)


@pytest.fixture
async def schedule(temporal: WorkflowEnvironment) -> AsyncIterator[Make]:
    made: list[Scheduled] = []

    async def make(zone: str = "UTC", now: datetime | None = None, **values: object) -> Scheduled:
        given = {
            "cron": "0 0 1 1 *",
            "prompt": "look around",
            "deliver": DeliverTo(email=("ann@example.com",)),
        } | values
        settings = ScheduleSettings.model_validate({key: value for key, value in given.items() if value is not None})
        task = scheduled_task("web", f"s{uuid.uuid4().hex[:8]}", zone, settings, now or datetime.now(UTC))
        await temporal.client.create_schedule(task.id, as_schedule(task))
        made.append(Scheduled(temporal.client, task))
        return made[-1]

    yield make  # type: ignore[misc]  # a coroutine function is one that makes futures
    for each in made:
        await each.handle.delete()


async def replays(client: Client, firing: str) -> None:
    replayer = Replayer(workflows=[ScheduledTaskWorkflow], data_converter=client.data_converter)
    await replayer.replay_workflow(await client.get_workflow_handle(firing).fetch_history())


async def told_to_stop(client: Client, firing: str) -> None:
    """It is, and has done what it does about it."""
    handle = client.get_workflow_handle(firing)
    await handle.cancel()
    async with asyncio.timeout(LIMIT):
        while True:
            kinds = [event.event_type async for event in handle.fetch_history_events()]
            asked = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED
            if asked in kinds and EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED in kinds[kinds.index(asked) :]:
                return
            await asyncio.sleep(0.05)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_prompt_opens_a_thread_and_the_firing_ends_with_its_task(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(subject="Look", model="opus", effort="high")
    activities.gate.clear()
    await made.handle.trigger()
    await until(lambda: activities.agent_inputs)
    (running,) = await made.firings()
    assert running.close_time is None
    activities.gate.set()
    (result,) = await made.results(1)
    task = activities.agent_inputs[0].task
    assert result == FiringResult(
        end=FiringEnd.DELIVERED, thread=task.thread, task=task.id, outcome=TaskOutcome.SUCCESS
    )
    (message,) = task.messages
    assert message.route == MailRoute(
        token=task.thread.rpartition("/")[2],
        message_id=None,
        sender="ann@example.com",
        to=("ann@example.com",),
        subject="Look",
        opens=True,
    )
    assert (message.text.inline, message.hints.model, message.hints.effort) == ("look around", "opus", "high")
    assert activities.replies[0].outcome is TaskOutcome.SUCCESS
    await replays(made.client, running.id)


async def test_an_answer_in_slack_stands_below_a_post_of_ours(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(subject="Look", deliver=DeliverTo(slack="C0DEV"))
    await made.handle.trigger()
    (result,) = await made.results(1)
    (opened,) = activities.openings
    assert (opened.place, opened.subject) == ("C0DEV", "Look")
    (message,) = activities.agent_inputs[0].task.messages
    route = SlackRoute(team="T1", channel="C0DEV", thread_ts="1.000001", ts="1.000001", user="U0AIRUT", opens=True)
    assert (message.route, message.opens, message.channel) == (route, True, ChannelKind.SLACK)
    assert (result.thread, result.end) == ("web/slack/T1-C0DEV-1.000001", FiringEnd.DELIVERED)
    await replays(made.client, (await made.firings())[0].id)


async def test_a_place_in_slack_that_is_not_there_is_told_and_no_agent_runs(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(deliver=DeliverTo(slack="#gone"))
    await made.handle.trigger()
    assert await made.results(1) == [FiringResult(end=FiringEnd.UNDELIVERED, outcome=TaskOutcome.REPLY_FAILED)]
    assert activities.agent_inputs == []


async def test_a_reply_of_whom_it_was_delivered_to_continues_the_thread(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule()
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result.thread is not None
    await deliver(made.client, mail("go on", result.thread))
    await until(lambda: len(activities.replies) == 2)
    assert [order.task.messages[0].author for order in activities.agent_inputs] == [made.task.id, "ann@example.com"]


async def test_each_firing_has_a_thread_of_its_own_or_all_have_one(
    schedule: Make, activities: ScriptedActivities
) -> None:
    for thread, number in (("new", 2), ("same", 1)):
        made = await schedule(thread=thread, cron="0 0 * * *")
        await made.backfill(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
        results = await made.results(2)
        assert len({result.thread for result in results}) == number
        assert [result.outcome for result in results] == [TaskOutcome.SUCCESS] * 2


async def test_the_second_pass_of_a_doubled_hour_ends_at_once(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule("America/New_York", datetime(2026, 10, 1, tzinfo=UTC), cron="30 1 * * *")
    await made.backfill(datetime(2025, 11, 2, 5, 30, tzinfo=UTC), datetime(2025, 11, 2, 6, 30, tzinfo=UTC))
    first, second = await made.results(2)
    assert (first.outcome, second.end) == (TaskOutcome.SUCCESS, FiringEnd.SKIPPED_REPEAT)
    assert len(activities.agent_inputs) == 1
    firings = await made.firings()
    assert [each.search_attributes["AirutOutcome"] for each in firings] == [["success"], ["skipped_repeat"]]


async def test_a_firing_that_the_server_makes_up_ends_at_once(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule("Australia/Lord_Howe", datetime(2026, 10, 1, tzinfo=UTC), cron="5 */2 * * *")
    before, after = datetime(2026, 10, 3, 15, 20, tzinfo=UTC), datetime(2026, 10, 3, 17, 10, tzinfo=UTC)
    await made.handle.backfill(ScheduleBackfill(start_at=before, end_at=after, overlap=ScheduleOverlapPolicy.ALLOW_ALL))
    assert [result.end for result in await made.results(2)] == [FiringEnd.NOT_DUE, FiringEnd.DELIVERED]


async def test_a_trigger_with_nothing_to_say_makes_nothing(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(prompt=None, trigger={"command": ["check"], "timeout": "5m", "output_limit": "1k"})
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result == FiringResult(end=FiringEnd.NOTHING_TO_DO)
    (order,) = activities.trigger_inputs
    assert (order.command, order.timeout_s, order.output_limit, order.attempt) == (("check",), 300.0, 1024, 1)
    assert activities.asked == ["claim_host", "prepare_workspace", "build_image", "run_trigger"]
    assert [(cleaned.folder, cleaned.attempts) for cleaned in activities.triggers_cleaned] == [(order.folder, 1)]
    (firing,) = await made.firings()
    await replays(made.client, firing.id)


async def test_what_a_trigger_says_is_the_prompt(schedule: Make, activities: ScriptedActivities) -> None:
    activities.trigger = lambda order: TriggerResult(code=0, prompt=Text(inline="three are outdated"))
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result.outcome is TaskOutcome.SUCCESS
    assert activities.agent_inputs[0].task.messages[0].text.inline == "three are outdated"


async def test_a_lost_sandbox_is_made_anew_twice_and_then_the_agent_looks_into_it(
    schedule: Make, activities: ScriptedActivities
) -> None:
    def lost(order: TriggerInput) -> TriggerResult:
        raise ApplicationError("the proxy died", type="sandbox_lost", non_retryable=True)

    activities.trigger = lost
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result.outcome is TaskOutcome.SUCCESS
    assert [order.attempt for order in activities.trigger_inputs] == [1, 2, 3]
    assert activities.triggers_cleaned[0].attempts == 3
    prompt = activities.agent_inputs[0].task.messages[0].text.inline or ""
    assert "could not be run" in prompt
    assert "the proxy died" in prompt


async def test_a_trigger_can_be_stopped_like_any_task(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    activities.gate.clear()
    await made.handle.trigger()
    await until(lambda: activities.trigger_inputs)
    (firing,) = await made.firings()
    await made.client.get_workflow_handle(firing.id).cancel()
    (result,) = await made.results(1)
    assert result.end is FiringEnd.STOPPED
    assert (len(activities.triggers_cleaned), activities.agent_inputs) == (1, [])


@pytest.mark.parametrize(
    "end",
    [
        ApplicationError("the proxy died", type="sandbox_lost", non_retryable=True),
        ApplicationError("the worker process ended in the middle of it", type="WorkerLost"),
        TriggerResult(code=0, prompt=Text(inline="three are outdated")),
    ],
    ids=["its sandbox is lost", "its worker dies", "it ends by itself"],
)
async def test_a_stop_holds_whatever_becomes_of_the_trigger_then(
    schedule: Make, activities: ScriptedActivities, end: ApplicationError | TriggerResult
) -> None:
    def ended(order: TriggerInput) -> TriggerResult:
        if isinstance(end, ApplicationError):
            raise end
        return end

    activities.trigger, activities.deaf = ended, True
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    activities.gate.clear()
    await made.handle.trigger()
    await until(lambda: activities.trigger_inputs)
    (firing,) = await made.firings()
    await told_to_stop(made.client, firing.id)
    activities.gate.set()
    assert [result.end for result in await made.results(1)] == [FiringEnd.STOPPED]
    assert (len(activities.trigger_inputs), len(activities.triggers_cleaned), activities.agent_inputs) == (1, 1, [])
    await replays(made.client, firing.id)


async def test_a_step_that_is_done_though_a_stop_was_asked_for_is_the_last(
    schedule: Make, activities: ScriptedActivities
) -> None:
    activities.building.clear()
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    await made.handle.trigger()
    await until(lambda: "build_image" in activities.asked)
    (firing,) = await made.firings()
    await told_to_stop(made.client, firing.id)
    activities.building.set()
    assert [result.end for result in await made.results(1)] == [FiringEnd.STOPPED]
    assert activities.trigger_inputs == []


async def test_overlapping_firings_are_skipped(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(overlap="skip")
    activities.gate.clear()
    await made.handle.trigger()
    await until(lambda: activities.agent_inputs)
    await asyncio.sleep(1.1)  # a firing is named after its second
    await made.handle.trigger()
    await asyncio.sleep(1)
    assert len(await made.firings()) == 1
    activities.gate.set()
    await made.results(1)


async def test_an_overlapping_firing_waits_its_turn(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(overlap="buffer_one")
    activities.gate.clear()
    await made.handle.trigger()
    await until(lambda: activities.agent_inputs)
    await asyncio.sleep(1.1)  # a firing is named after its second
    await made.handle.trigger()
    await asyncio.sleep(0.5)
    assert len(activities.agent_inputs) == 1
    activities.gate.set()
    assert len(await made.results(2)) == 2


async def test_a_newer_firing_displaces_the_trigger_of_an_older_one(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(overlap="cancel_other", cron="0 0 * * *", prompt=None, trigger={"command": ["check"]})
    activities.gate.clear()
    await made.backfill(datetime(2026, 1, 5, tzinfo=UTC))
    await until(lambda: activities.trigger_inputs)
    await made.backfill(datetime(2026, 1, 6, tzinfo=UTC))
    await until(lambda: len(activities.trigger_inputs) == 2)
    activities.gate.set()
    older, newer = await made.results(2)
    assert (older.end, newer.end) == (FiringEnd.STOPPED, FiringEnd.NOTHING_TO_DO)


async def test_a_newer_firing_stops_the_task_of_an_older_one_and_waits_for_its_end(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(overlap="cancel_other", cron="0 0 * * *")
    activities.gate.clear()
    await made.backfill(datetime(2026, 1, 5, tzinfo=UTC))
    await until(lambda: activities.agent_inputs)
    await made.backfill(datetime(2026, 1, 6, tzinfo=UTC))
    await until(lambda: len(activities.agent_inputs) == 2)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.STOPPED]
    activities.gate.set()
    older, newer = await made.results(2)
    assert (older.end, older.outcome) == (FiringEnd.DELIVERED, TaskOutcome.STOPPED)
    assert (newer.end, newer.outcome) == (FiringEnd.DELIVERED, TaskOutcome.SUCCESS)
    for each in await made.firings():
        await replays(made.client, each.id)


async def test_a_repeat_displaces_nothing(schedule: Make, activities: ScriptedActivities) -> None:
    now = datetime(2026, 10, 1, tzinfo=UTC)
    made = await schedule("America/New_York", now, cron="30 1 * * *", overlap="cancel_other")
    activities.gate.clear()
    await made.backfill(datetime(2025, 11, 2, 5, 30, tzinfo=UTC))
    await until(lambda: activities.agent_inputs)
    await made.backfill(datetime(2025, 11, 2, 6, 30, tzinfo=UTC))
    await asyncio.sleep(1)
    activities.gate.set()
    first, repeat = await made.results(2)
    assert (first.outcome, repeat.end) == (TaskOutcome.SUCCESS, FiringEnd.SKIPPED_REPEAT)


async def test_a_thread_that_was_terminated_does_not_hold_its_firing(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule()
    activities.gate.clear()
    await made.handle.trigger()
    await until(lambda: activities.agent_inputs)
    (firing,) = await made.firings()
    await made.client.get_workflow_handle(activities.agent_inputs[0].task.thread).terminate()
    await made.client.get_workflow_handle(firing.id).cancel()  # else it asks after it in some hours
    (result,) = await made.results(1)
    assert (result.end, result.outcome) == (FiringEnd.STOPPED, TaskOutcome.STOPPED)
    activities.gate.set()
