"""A mail that waits behind a task is acknowledged while it does."""

import asyncio
import time

from temporalio.testing import WorkflowEnvironment

from airut.models.mail.notes import MailNotes
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.settings import ThreadSettings
from airut.temporal.delivery import deliver
from tests.support.asking import LIMIT, agents_run, idle_after, until
from tests.support.messages import mail, post
from tests.support.scripted_activities import ScriptedActivities

AFTER = 4.0
"""Seconds: a machine takes two until a task has ended and the next has begun, unless it is very busy."""
SOON = ThreadSettings(mails=MailNotes(progress=None, queued_after=AFTER))


def notes(activities: ScriptedActivities) -> list[str]:
    return [reply.detail for reply in activities.replies if reply.kind is ReplyKind.NOTE]


async def test_its_place_is_told_when_it_waits_for_long_and_nothing_when_it_does_not(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.settings = SOON
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await until(temporal.client, thread, lambda status: status.open_task is not None)
    await deliver(temporal.client, mail("second", thread))
    await deliver(temporal.client, mail("third", thread))
    async with asyncio.timeout(LIMIT):
        while len(notes(activities)) < 2:
            await asyncio.sleep(0.02)
    sent = time.monotonic()
    await deliver(temporal.client, mail("fourth", thread))
    await until(temporal.client, thread, lambda status: len(status.queue) == 3)
    activities.gate.set()
    await agents_run(activities, 2)
    waited = time.monotonic() - sent
    await idle_after(temporal.client, thread, 2)
    await asyncio.sleep(AFTER)  # longer than the fourth would have had to wait
    why = "in the queue of this conversation, behind task 1, which is still worked on."
    told = [note.partition(" It is taken up")[0] for note in notes(activities)]
    assert told[:2] == [
        f"Your message has arrived. It is the next {why}",
        f"Your message has arrived. It is number 2 {why}",
    ]
    assert len(told) == 2 or waited > AFTER


async def test_in_slack_a_reaction_says_so(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.settings = ThreadSettings(mails=MailNotes(progress=None, queued_after=0.0))
    activities.gate.clear()
    await deliver(temporal.client, post("first", thread))
    await agents_run(activities)
    await until(temporal.client, thread, lambda status: status.open_task is not None)
    await deliver(temporal.client, post("second", thread))
    await until(temporal.client, thread, lambda status: bool(status.queue))
    activities.gate.set()
    await idle_after(temporal.client, thread, 2)
    assert notes(activities) == []
