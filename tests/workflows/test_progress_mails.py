"""Which mails tell how far a task is, and when."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from airut.models.mail.notes import MailNotes, ProgressMails
from airut.models.tasks.settings import ThreadSettings
from airut.models.threads.command import CommandName
from airut.models.threads.message import InboundMessage
from airut.temporal.delivery import deliver
from tests.support.asking import LIMIT, agents_run, idle_after, orders
from tests.support.messages import mail, post
from tests.support.scripted_activities import ScriptedActivities

MOST = 5
SECONDS = ThreadSettings(mails=MailNotes(progress=ProgressMails(after=1, every=1, max=MOST), queued_after=None))
NEVER = ThreadSettings(mails=MailNotes(progress=None))


async def test_a_long_task_is_told_of_at_its_times_and_not_for_ever(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.settings = SECONDS
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    async with asyncio.timeout(LIMIT):
        while len(activities.reports) < 2:
            await asyncio.sleep(0.02)
    last = activities.reports[0].begun + timedelta(seconds=MOST)
    await asyncio.sleep((last - datetime.now(UTC)).total_seconds() + 1.1)
    activities.gate.set()
    await idle_after(temporal.client, thread, 1)
    # A busy machine misses some: those are left out.
    after = [(each.reply.at - each.begun) / timedelta(seconds=1) for each in activities.reports]
    assert all(seconds >= number for number, seconds in enumerate(after, start=1))
    assert len(after) <= MOST
    assert [each.reply.seq for each in activities.reports] == list(range(1, len(after) + 1))


async def test_a_task_that_stands_still_is_not_told_of(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.settings = SECONDS
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await orders(temporal.client, thread, CommandName.PAUSE)
    told = len(activities.reports)
    await asyncio.sleep(1.1)
    assert len(activities.reports) == told
    activities.gate.set()
    await orders(temporal.client, thread, CommandName.RESUME)
    await idle_after(temporal.client, thread, 1)


@pytest.mark.parametrize(
    ("message", "settings"), [(mail("m"), None), (mail("m"), NEVER), (post("m", "web/slack/t"), SECONDS)]
)
async def test_where_nobody_wants_them_there_is_no_timer(
    temporal: WorkflowEnvironment,
    activities: ScriptedActivities,
    thread: str,
    message: InboundMessage,
    settings: ThreadSettings | None,
) -> None:
    activities.settings = settings
    await deliver(temporal.client, message.model_copy(update={"thread": thread}))
    await idle_after(temporal.client, thread, 1)
    events = temporal.client.get_workflow_handle(f"{thread}/task-1").fetch_history_events()
    assert not [event async for event in events if event.HasField("timer_started_event_attributes")]
