"""How tests speak to a thread: messages, commands, and waiting for a state."""

import asyncio
import itertools
from collections.abc import Callable

from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import CommandName, ThreadCommand, without_text
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.temporal.delivery import deliver
from tests.support.eventually import eventually
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

LIMIT = 60.0
"""Seconds: what takes one on an idle machine, on a busy one."""

DEADLOCK = "[TMPRL1101]"

_numbers = itertools.count()


async def status_of(client: Client, thread: str) -> ThreadStatus:
    """Asked again where no worker has answered in the half a minute that the client waits: one that is just starting on a
    busy machine. And where it stood still for two seconds, which the SDK takes for a deadlock."""
    handle = client.get_workflow_handle(thread)
    while True:
        try:
            status: ThreadStatus = await handle.query(contracts.STATUS, result_type=ThreadStatus)
        except RPCError as error:
            if error.status not in (RPCStatusCode.CANCELLED, RPCStatusCode.DEADLINE_EXCEEDED):
                raise
        except WorkflowQueryFailedError as error:
            if DEADLOCK not in error.message:
                raise
        else:
            return status


async def until(
    client: Client, thread: str, reached: Callable[[ThreadStatus], bool], limit: float = LIMIT
) -> ThreadStatus:
    """Wait for a state of the thread."""
    async with asyncio.timeout(limit):
        while not reached(status := await status_of(client, thread)):
            await asyncio.sleep(0.1)
    return status


async def idle_after(client: Client, thread: str, tasks: int) -> ThreadStatus:
    """Wait until the thread has closed this many tasks and nothing waits."""
    return await until(
        client,
        thread,
        lambda status: status.phase is ThreadPhase.IDLE and len(status.recent) >= tasks and not status.queue,
    )


async def it_asks(client: Client, thread: str) -> ThreadStatus:
    """A first message, whose agent asks: wait until its question is the thread's."""
    await deliver(client, mail("first", thread))
    return await until(client, thread, lambda status: status.question is not None)


async def agents_run(activities: ScriptedActivities, count: int = 1) -> None:
    """Wait until so many runs of an agent have begun."""
    await eventually(lambda: len(activities.agent_inputs) >= count, LIMIT)


async def waits_for(client: Client, workflow: str) -> str:
    """What Temporal says that it waits for: its activities, each with its last failure."""
    described = (await client.get_workflow_handle(workflow).describe()).raw_description
    waits = [
        f"{each.activity_type.name} attempt {each.attempt} {each.state} {each.last_failure.message[:200]}"
        for each in described.pending_activities
    ]
    if described.HasField("pending_workflow_task"):
        waits.append(f"workflow task attempt {described.pending_workflow_task.attempt}")
    return ", ".join(waits)


def command(thread: str, name: CommandName, author: str = "ann@example.com") -> ThreadCommand:
    message = mail(f"{name} {next(_numbers)}", thread, author)
    return ThreadCommand(name=name, message=without_text(message))


async def orders(client: Client, thread: str, name: CommandName, author: str = "ann@example.com") -> str:
    """Send a command, and wait for the state that it reaches, in words."""
    order = command(thread, name, author)
    await client.get_workflow_handle(thread).signal(contracts.CONTROL, order)
    status = await until(client, thread, lambda status: any(each.key == order.key for each in status.commands))
    return next(each.said for each in status.commands if each.key == order.key)


async def retry(client: Client, thread: str, **order: object) -> str:
    """Order a failed task to be done again, as the command line does; returns what is said of it."""
    asked = RetryOrder.model_validate({"key": "k", "author": "op", **order})
    return str(await client.get_workflow_handle(thread).execute_update(contracts.RETRY, asked))
