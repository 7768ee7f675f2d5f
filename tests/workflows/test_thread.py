"""ThreadWorkflow against a real Temporal server."""

import asyncio

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from airut import contracts
from airut.models.outcome import AgentOutcome, TaskOutcome
from airut.models.thread import ThreadPhase, ThreadStatus
from airut.temporal.delivery import deliver
from tests.support.messages import mail
from tests.support.scripted_activities import REQUEST, ScriptedActivities, done
from workflows.task import OUTCOMES, TaskWorkflow
from workflows.thread import ThreadWorkflow


async def status_of(client: Client, thread: str) -> ThreadStatus:
    status: ThreadStatus = await client.get_workflow_handle(thread).query(contracts.STATUS, result_type=ThreadStatus)
    return status


async def idle_after(client: Client, thread: str, tasks: int) -> ThreadStatus:
    """Wait until the thread has closed this many tasks and nothing waits."""
    while True:
        status = await status_of(client, thread)
        if status.phase is ThreadPhase.IDLE and len(status.recent) >= tasks and not status.queue:
            return status
        await asyncio.sleep(0.05)


async def replays(client: Client, thread: str) -> None:
    """The recorded history runs through today's code."""
    replayer = Replayer(workflows=[ThreadWorkflow, TaskWorkflow], data_converter=client.data_converter)
    for workflow_id in (thread, f"{thread}/task-1"):
        await replayer.replay_workflow(await client.get_workflow_handle(workflow_id).fetch_history())


async def test_a_message_becomes_a_task_and_a_reply(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("add a file", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert activities.asked == [
        "claim_host",
        "prepare_workspace",
        "build_image",
        "run_agent",
        "publish",
        "reply",
        "clean_up",
    ]
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert (status.host, status.branch, status.pull_request) == (activities.host, "airut/add", REQUEST)
    assert status.usage.cost_usd == 0.25
    assert activities.cleaned[0].delivered
    await replays(temporal.client, thread)


async def test_the_same_message_twice_runs_once(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    message = mail("once", thread)
    await asyncio.gather(*(deliver(temporal.client, message) for _ in range(5)))
    await idle_after(temporal.client, thread, 1)
    await deliver(temporal.client, message)
    await asyncio.sleep(0.3)
    status = await status_of(temporal.client, thread)
    assert (status.tasks, len(activities.replies)) == (1, 1)


async def test_what_arrives_while_a_task_runs_is_one_following_task_in_order(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    while not activities.agent_inputs:
        await asyncio.sleep(0.02)
    for text in ("second", "third"):
        await deliver(temporal.client, mail(text, thread))
    waiting = (await status_of(temporal.client, thread)).queue
    activities.gate.set()
    status = await idle_after(temporal.client, thread, 2)
    assert [message.first_line for message in waiting] == ["second", "third"]
    texts = [[message.text.inline for message in order.task.messages] for order in activities.agent_inputs]
    assert texts == [["first"], ["second", "third"]]
    assert status.tasks == 2
    assert len({order.task.session_id for order in activities.agent_inputs}) == 1
    assert activities.asked.count("claim_host") == 1


async def test_a_failed_task_is_answered_shows_as_failed_and_leaves_the_thread_alive(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def refuse(order: object) -> None:
        raise ApplicationError("no permission", type="workspace_failed", non_retryable=True)

    activities.workspace = refuse
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    task = await temporal.client.get_workflow_handle(f"{thread}/task-1").describe()
    assert task.status is WorkflowExecutionStatus.FAILED
    assert [task.outcome for task in status.recent] == [TaskOutcome.WORKSPACE_FAILED]
    assert [(reply.outcome, reply.detail) for reply in activities.replies] == [
        (TaskOutcome.WORKSPACE_FAILED, "no permission")
    ]
    activities.workspace = lambda order: None
    await deliver(temporal.client, mail("second", thread))
    status = await idle_after(temporal.client, thread, 2)
    assert status.recent[-1].outcome is TaskOutcome.SUCCESS
    await replays(temporal.client, thread)


async def test_a_lost_sandbox_is_made_anew_with_the_session_resumed(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost_once(order: object) -> object:
        if len(activities.agent_inputs) == 1:
            raise ApplicationError("network_lost", type="sandbox_lost", non_retryable=True)
        return done("Done.")

    activities.agent = lost_once  # type: ignore[assignment]  # a test's own shape
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert [order.attempt for order in activities.agent_inputs] == [1, 2]
    assert activities.agent_inputs[0].resume_note is None
    assert "made anew" in (activities.agent_inputs[1].resume_note or "")
    assert activities.cleaned[0].attempts == 2


async def test_a_task_cancelled_in_temporal_is_answered_as_stopped(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    while not activities.agent_inputs:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED]
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.STOPPED]
    assert activities.asked[-1] == "clean_up"


async def test_every_agent_outcome_is_answered(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    expected: list[TaskOutcome] = []
    for number, outcome in enumerate(AgentOutcome, start=1):
        activities.agent = lambda order, outcome=outcome: done("words", outcome)  # type: ignore[misc]
        await deliver(temporal.client, mail(f"message {number}", thread))
        await idle_after(temporal.client, thread, min(number, 10))
        while len(activities.replies) < number:
            await asyncio.sleep(0.02)
        expected.append(OUTCOMES[outcome])
    assert [reply.outcome for reply in activities.replies] == expected
