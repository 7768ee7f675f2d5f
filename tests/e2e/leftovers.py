"""What a test leaves at work on the installation that all of them share: waited for, or told of and stopped."""

import asyncio

from temporalio.client import Client
from temporalio.service import RPCError

from airut import contracts
from airut.temporal.hosts import open_tasks
from tests.e2e.conversation import LIMIT, Conversation, airut
from tests.support.asking import waits_for


async def settled(conversation: Conversation, limit: float = LIMIT) -> list[str]:
    """Wait until no task holds anything of a host. Then threads that still work are closed, since their agents would play
    what the model says in the next test; a line for each task that is open says what it was at."""
    client, loop = await conversation.stage.client(), asyncio.get_running_loop()
    until = loop.time() + limit
    while not await _all_rest(client):
        if loop.time() > until:
            running = f"WorkflowType = '{contracts.TASK_WORKFLOW}' AND ExecutionStatus = 'Running'"
            tasks = [execution.id async for execution in client.list_workflows(running)]
            lines = [await _told(client, task) for task in tasks]
            for thread in {task.rpartition("/task-")[0] for task in tasks}:
                code, printed = await airut(conversation, "thread", "close", thread)
                lines += [] if code == 0 else [f"{thread}: {printed}"]
            return lines or ["a thread does not answer"]
        await asyncio.sleep(0.2)
    return []


async def _all_rest(client: Client) -> bool:
    try:
        return not any((await open_tasks(client)).values())
    except RPCError:  # one does not answer
        return False


async def _told(client: Client, task: str) -> str:
    """What Temporal says that it waits for, and what it says of itself."""
    try:
        says = str(await client.get_workflow_handle(task).query(contracts.STATUS))
    except RPCError as error:
        says = f"does not answer: {error.message}"
    return f"{task}: {await waits_for(client, task) or 'waits for nothing'}; {says}"
