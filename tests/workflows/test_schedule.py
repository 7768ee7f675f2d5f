"""Firings of schedules against a real Temporal server: real schedules, real threads, scripted activities."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import ScheduleBackfill, ScheduleOverlapPolicy

from airut.contracts import OUTCOME
from airut.models.schedules.firing import FiringEnd, FiringResult
from airut.models.schedules.schedule import DeliverTo
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.message import ChannelKind, MailRoute, SlackRoute
from airut.temporal.delivery import deliver
from tests.support.asking import agents_run
from tests.support.eventually import eventually
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from tests.workflows.scheduled import LIMIT, Make, replays


async def test_a_prompt_opens_a_thread_and_the_firing_ends_with_its_task(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule(subject="Look", model="opus", effort="high")
    activities.gate.clear()
    await made.handle.trigger()
    await agents_run(activities)
    (running,) = await made.fired(1)
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
    await eventually(lambda: len(activities.replies) == 2)
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
    async with asyncio.timeout(LIMIT):  # visibility lags behind
        while [each.typed_search_attributes.get(OUTCOME) for each in await made.firings()] != [
            "success",
            "skipped_repeat",
        ]:
            await asyncio.sleep(0.05)


async def test_a_firing_that_the_server_makes_up_ends_at_once(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule("Australia/Lord_Howe", datetime(2026, 10, 1, tzinfo=UTC), cron="5 */2 * * *")
    before, after = datetime(2026, 10, 3, 15, 20, tzinfo=UTC), datetime(2026, 10, 3, 17, 10, tzinfo=UTC)
    await made.handle.backfill(ScheduleBackfill(start_at=before, end_at=after, overlap=ScheduleOverlapPolicy.ALLOW_ALL))
    assert [result.end for result in await made.results(2)] == [FiringEnd.NOT_DUE, FiringEnd.DELIVERED]


async def test_a_thread_that_was_terminated_does_not_hold_its_firing(
    schedule: Make, activities: ScriptedActivities
) -> None:
    made = await schedule()
    activities.gate.clear()
    await made.handle.trigger()
    await agents_run(activities)
    (firing,) = await made.fired(1)
    await made.client.get_workflow_handle(activities.agent_inputs[0].task.thread).terminate()
    await made.client.get_workflow_handle(firing.id).cancel()  # else it asks after it in some hours
    (result,) = await made.results(1)
    assert (result.end, result.outcome) == (FiringEnd.STOPPED, TaskOutcome.STOPPED)
    activities.gate.set()
