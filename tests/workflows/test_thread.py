"""ThreadWorkflow against a real Temporal server."""

import asyncio
import time
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from airut.models.tasks.outcome import AgentOutcome, TaskOutcome
from airut.models.tasks.prompt import compose_prompt
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.models.threads.notices import Acceptance, refusal
from airut.temporal.delivery import deliver
from tests.support.agent_results import BLOB, REQUEST, done
from tests.support.asking import idle_after, status_of
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn
from workflows.outcomes import OUTCOMES
from workflows.task import TaskWorkflow
from workflows.thread import ThreadWorkflow
from workflows.turns import BROUGHT


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
    def lost_once(order: AgentInput) -> AgentResult:
        if len(activities.agent_inputs) == 1:
            raise ApplicationError("network_lost", type="sandbox_lost", non_retryable=True)
        return done("Done.")

    activities.agent = lost_once
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


WAITED_FOR = {
    AgentOutcome.RATE_LIMITED,
    AgentOutcome.PROVIDER_UNAVAILABLE,
    AgentOutcome.AUTH_FAILED,
    AgentOutcome.OUT_OF_MEMORY,
}
"""Outcomes that a timer comes after: see test_waits."""


async def test_every_agent_outcome_is_answered(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    expected: list[TaskOutcome] = []
    at_once = [outcome for outcome in AgentOutcome if outcome not in WAITED_FOR]
    for number, outcome in enumerate(at_once, start=1):
        activities.agent = lambda order, outcome=outcome: done("words", outcome)  # type: ignore[misc]
        await deliver(temporal.client, mail(f"message {number}", thread))
        await idle_after(temporal.client, thread, min(number, 10))
        while len(activities.replies) < number:
            await asyncio.sleep(0.02)
        expected.append(OUTCOMES[outcome])
    assert [reply.outcome for reply in activities.replies] == expected


async def test_a_lost_sandbox_tells_the_messages_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost_once(order: AgentInput) -> AgentResult:
        if order.attempt == 1:
            raise ApplicationError("no proxy", type="sandbox_lost", non_retryable=True)
        return done("Done.")

    activities.agent = lost_once
    await deliver(temporal.client, mail("the only words", thread))
    await idle_after(temporal.client, thread, 1)
    order = activities.agent_inputs[-1]
    texts = tuple((message, message.text.inline or "") for message in order.task.messages)
    prompt = compose_prompt(texts, order.inbox, order.resume_note)
    assert "the only words" in prompt
    assert prompt.startswith("[The sandbox was lost")


async def test_nothing_is_lost_over_many_continuations(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    texts = [f"message {number}" for number in range(400)]
    for start in range(0, len(texts), 20):
        batch = texts[start : start + 20]
        await asyncio.gather(*(deliver(temporal.client, mail(text, thread)) for text in batch))
        await asyncio.gather(*(deliver(temporal.client, mail(text, thread)) for text in batch[:5]))  # redelivered
        while len((await status_of(temporal.client, thread)).queue) > 150:  # a full queue is another test
            await asyncio.sleep(0.1)
    seen: list[str] = []
    async with asyncio.timeout(60):
        while len(seen) < len(texts):
            await asyncio.sleep(0.2)
            seen = [str(m.text.inline) for order in activities.agent_inputs for m in order.task.messages]
    await idle_after(temporal.client, thread, 1)
    runs = [w async for w in temporal.client.list_workflows(f"WorkflowId = '{thread}'")]
    assert sorted(seen) == sorted(texts)
    assert len(runs) > 1, "the run never continued as new"


async def test_a_full_queue_is_told_once_and_the_message_counts_when_written_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    while not activities.agent_inputs:
        await asyncio.sleep(0.02)
    activities.sending.clear()  # it is told once until that is done
    large = "x" * 8_000
    waiting = [mail(f"{number} {large}", thread) for number in range(140)]
    for start in range(0, len(waiting), 20):
        await asyncio.gather(*(deliver(temporal.client, message) for message in waiting[start : start + 20]))
    queued = {message.author for message in (await status_of(temporal.client, thread)).queue}
    held = len((await status_of(temporal.client, thread)).queue)
    assert queued == {"ann@example.com"}
    assert 100 < held < 140  # a MiB of them
    activities.sending.set()
    activities.gate.set()
    await idle_after(temporal.client, thread, 7)
    notes = [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]
    assert [note.detail for note in notes] == [refusal(Acceptance.QUEUE_FULL)]
    refused = next(message for message in reversed(waiting) if message.key not in seen_keys(activities))
    await deliver(temporal.client, refused)  # as its channel may
    again = mail(f"again {refused.text.inline}", thread)
    await deliver(temporal.client, again)
    async with asyncio.timeout(60):
        while again.key not in seen_keys(activities):
            await asyncio.sleep(0.05)
    assert refused.key not in seen_keys(activities)


def seen_keys(activities: ScriptedActivities) -> set[str]:
    return {message.key for order in activities.agent_inputs for message in order.task.messages}


async def test_a_stranger_in_the_thread_is_told_once_and_starts_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    for text in ("let me in", "please"):
        await deliver(temporal.client, mail(text, thread, author="carl@example.com"))
    async with asyncio.timeout(60):
        while not [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    notes = [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]
    assert [(note.detail, note.task.messages[0].author) for note in notes] == [
        (refusal(Acceptance.NOT_PARTICIPANT), "carl@example.com")
    ]
    assert (await status_of(temporal.client, thread)).tasks == 1
    open_mail = mail("may I", thread, author="carl@example.com").model_copy(update={"open_to_authorized": True})
    await deliver(temporal.client, open_mail)
    assert (await idle_after(temporal.client, thread, 2)).tasks == 2


@pytest.mark.parametrize("step", ["reply", "clean_up"])
async def test_a_cancel_while_a_last_step_is_retried_does_not_end_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, step: str
) -> None:
    tries: list[int] = []

    def fail_once(order: object) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ApplicationError("away", next_retry_delay=timedelta(seconds=1))

    if step == "reply":
        activities.answer = fail_once
    else:
        activities.tidy = fail_once
    await deliver(temporal.client, mail("first", thread))
    while not tries:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert len(tries) == 2
    assert activities.asked[-2:] == ["reply", "clean_up"]
    assert (status.branch, status.recent[0].outcome) == ("airut/add", TaskOutcome.SUCCESS)


async def test_a_terminated_task_is_answered_and_cleaned_up_by_its_thread(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    while not activities.agent_inputs:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").terminate()
    status = await idle_after(temporal.client, thread, 1)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.INTERNAL_ERROR]
    assert [order.task.id for order in activities.cleaned] == [f"{thread}/task-1"]
    assert status.host == activities.host


async def test_a_detail_of_megabytes_ends_the_task_all_the_same(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    failed = done("words", AgentOutcome.FAILED)
    verdict = failed.verdict.model_copy(update={"detail": "x" * 1_500_000})
    activities.agent = lambda order: failed.model_copy(update={"verdict": verdict})
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert status.recent[0].outcome is TaskOutcome.FAILED
    assert len(activities.replies[0].detail) < 5_000


async def test_commits_that_git_could_not_bundle_are_not_called_no_changes(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.agent = lambda order: done("words", bundle=None).model_copy(update={"work_error": "index is corrupt"})
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert status.recent[0].outcome is TaskOutcome.PUBLISH_FAILED
    assert "index is corrupt" in activities.replies[0].detail


async def test_a_stop_while_a_step_ends_by_itself_is_not_lost(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def slow(order: object) -> None:
        time.sleep(0.7)  # too short for a heartbeat to bring the cancel

    activities.workspace = slow
    await deliver(temporal.client, mail("first", thread))
    while "prepare_workspace" not in activities.asked:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert "run_agent" not in activities.asked
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.STOPPED]
    assert status.recent[0].outcome is TaskOutcome.STOPPED


async def test_a_sandbox_lost_while_it_is_stopped_is_not_made_anew(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost(order: AgentInput) -> AgentResult:
        raise ApplicationError("proxy died", type="sandbox_lost", non_retryable=True)

    activities.agent = lost
    activities.gate.clear()
    activities.deaf = True
    await deliver(temporal.client, mail("first", thread))
    while not activities.agent_inputs:
        await asyncio.sleep(0.02)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    await asyncio.sleep(0.3)
    activities.gate.set()
    status = await idle_after(temporal.client, thread, 1)
    assert len(activities.agent_inputs) == 1
    assert status.recent[0].outcome is TaskOutcome.STOPPED


async def test_a_clean_up_that_cannot_be_done_does_not_unsay_the_answer(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def refuse(order: object) -> None:
        raise ApplicationError("no way", type="internal_error", non_retryable=True)

    activities.tidy = refuse
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert [reply.outcome for reply in activities.replies] == [TaskOutcome.SUCCESS]
    assert (status.recent[0].outcome, status.branch) == (TaskOutcome.SUCCESS, "airut/add")


async def test_what_an_agent_left_uncommitted_is_known_to_the_next_task_and_told_where_the_workspace_lacks_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    in_turn(activities, done("One.").model_copy(update={"changes": BLOB, "uncommitted": 1}), done("Two."))
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    activities.brought = ("uncommitted.bundle",)
    await deliver(temporal.client, mail("second", thread))
    await idle_after(temporal.client, thread, 2)
    await deliver(temporal.client, mail("third", thread))
    await idle_after(temporal.client, thread, 3)
    assert [order.uncommitted for order in activities.workspace_inputs] == [None, BLOB, None]
    assert [order.resume_note for order in activities.agent_inputs][:2] == [None, BROUGHT["uncommitted.bundle"]]
