"""Waits of hours, days and months, in a moment: a real Temporal server that skips the time nobody works in."""

import asyncio
import uuid
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut import contracts
from airut.models.budgets.budget import BudgetGrant, BudgetName, BudgetRefusal
from airut.models.tasks.outcome import AgentOutcome, TaskOutcome, Usage
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult, TaskStep
from airut.models.threads.command import CommandName
from airut.temporal.delivery import deliver
from tests.support.agent_results import BLOB, done, refused
from tests.support.asking import idle_after, orders, status_of, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn


async def finish(client: Client, thread: str) -> list[TaskOutcome]:
    return [task.outcome for task in (await idle_after(client, thread, 1)).recent]


async def test_an_overloaded_api_is_waited_for_and_the_session_goes_on(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    overloaded = refused(AgentOutcome.RATE_LIMITED, prompt_taken=True)
    in_turn(far, overloaded, overloaded, refused(AgentOutcome.PROVIDER_UNAVAILABLE), done("Done."))
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.SUCCESS]
    assert [order.tell for order in far.agent_inputs] == [True, False, False, False]
    assert len({order.session_id for order in far.agent_inputs}) == 1
    assert {order.attempts for order in far.cleaned} == {1, 2, 3, 4}  # no sandbox while it waits


async def test_a_usage_limit_is_waited_for_until_it_renews_and_told(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    renews = datetime.now(UTC) + timedelta(days=400)  # of the server's clock, which runs ahead
    first = True

    def limited(order: AgentInput) -> AgentResult:
        nonlocal first
        if first:
            first = False
            return refused(AgentOutcome.RATE_LIMITED, usage_limit=True)
        return done("Done.")

    far.agent = limited
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.SUCCESS]
    notes = [reply.detail for reply in far.replies if reply.kind is ReplyKind.PROGRESS]
    assert len(notes) == 1
    assert "The model's usage limit is reached until" in notes[0]
    assert renews > datetime.now(UTC)


async def test_the_next_account_is_used_at_once_and_where_all_are_used_up_the_first_to_renew_is_waited_for(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    far.settings = ThreadSettings(agent_on_limit="next", agent_accounts=2)
    limited = refused(AgentOutcome.RATE_LIMITED, usage_limit=True, prompt_taken=True)
    in_turn(far, limited, limited, limited, done("Done."))
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.SUCCESS]
    first, second, third, fourth = (order.account for order in far.agent_inputs)
    assert (first, second) == (0, 1)
    assert {third, fourth} == {0, 1}  # limits that say no end are looked at again after a time that chance spreads
    assert [order.tell for order in far.agent_inputs] == [True, False, False, False]
    assert len({order.session_id for order in far.agent_inputs}) == 1
    notes = [reply.detail for reply in far.replies if reply.kind is ReplyKind.PROGRESS]
    assert len(notes) == 1  # nobody is told of a change of accounts, only of the wait


async def test_no_wait_is_for_ever(skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str) -> None:
    far.agent = lambda order: refused(AgentOutcome.RATE_LIMITED, usage_limit=True)
    await deliver(skipping.client, mail("first", thread))
    async with asyncio.timeout(90):
        while not [reply for reply in far.replies if reply.kind is ReplyKind.ANSWER]:
            await asyncio.sleep(0.1)
    assert await finish(skipping.client, thread) == [TaskOutcome.USAGE_LIMITED]
    task = await skipping.client.get_workflow_handle(f"{thread}/task-1").describe()
    assert task.close_time is not None
    assert task.start_time is not None
    assert 6 <= (task.close_time - task.start_time) / timedelta(days=1) <= 7
    assert task.history_length < 3_000


async def test_a_session_that_is_too_long_is_compacted_then_summarised_then_given_up(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    far.agent = lambda order: refused(AgentOutcome.CONTEXT_FULL)
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.SESSION_LOST]
    first, compact, summary = far.agent_inputs
    assert (first.compact, compact.compact, summary.compact) == (False, True, False)
    assert (summary.summary, summary.session_id == first.session_id) == (True, False)


async def test_a_broken_session_is_restored_once_and_the_next_task_goes_on_with_the_one_that_works(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    invalid = refused(AgentOutcome.SESSION_INVALID).model_copy(update={"transcript": BLOB})
    in_turn(activities, invalid, invalid, done("Done."))
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    await deliver(temporal.client, mail("second", thread))
    await idle_after(temporal.client, thread, 2)
    _, restored, summarised, second = activities.agent_inputs
    assert restored.restore == BLOB
    assert summarised.summary
    assert second.task.session_id == summarised.session_id != restored.session_id


async def test_memory_that_runs_out_five_times_is_said(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    far.agent = lambda order: refused(AgentOutcome.OUT_OF_MEMORY, detail="the memory limit was reached")
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.SANDBOX_LOST]
    assert len(far.agent_inputs) == 5
    assert far.replies[-1].detail == "the sandbox was lost 5 times: out_of_memory: the memory limit was reached"


async def test_a_host_that_is_gone_is_left_for_another(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    client = temporal.client
    activities.settings = ThreadSettings()
    activities.agent = lambda order: done("Done.").model_copy(update={"transcript": BLOB})
    await deliver(client, mail("first", thread))
    await idle_after(client, thread, 1)
    gone, activities.host = activities.host, f"h{uuid.uuid4().hex[:8]}"
    async with AsyncExitStack() as stack:  # the other host; the first one's queues are served by nobody that answers
        for queue in (contracts.host_queue(activities.host), contracts.agent_queue(activities.host)):
            await stack.enter_async_context(Worker(client, task_queue=queue, activities=activities.all()))
        await _move(client, thread, gone)
        await deliver(client, mail("second", thread))
        status = await idle_after(client, thread, 2)
    assert status.host == activities.host
    assert [order.transcript for order in activities.restored] == [BLOB]
    assert any(f"moved from host nowhere-{gone} to {activities.host}" in note for note in activities.replies[-1].notes)
    assert (activities.agent_inputs[-1].resume_note or "").startswith("[This conversation has moved")


async def _move(client: Client, thread: str, host: str) -> None:
    """Let the thread believe that its workspace lies on a host whose worker is not there, and is not waited for."""
    from airut.models.threads.steering import TaskMove, TaskStatus

    status = TaskStatus(step=TaskStep.CLOSED, since=datetime.now(UTC))
    move = TaskMove(host=f"nowhere-{host}", status=status, settings=ThreadSettings(host_lost_after_s=2.0))
    await client.get_workflow_handle(thread).signal(contracts.MOVED, move)


async def test_a_quiet_thread_warns_of_unpublished_work_and_ends(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client = skipping.client
    far.agent = lambda order: done("Stuck.", AgentOutcome.FAILED)
    await deliver(client, mail("first", thread))
    await client.get_workflow_handle(thread).result()
    notes = [reply.detail for reply in far.replies if reply.kind is ReplyKind.NOTE]
    assert [note.split(",")[0] for note in notes] == ["This conversation ends in 1 day"]
    assert far.archives[thread].bundle == BLOB
    description = await client.get_workflow_handle(thread).describe()
    assert description.close_time is not None
    assert description.start_time is not None
    assert (description.close_time - description.start_time).days == 30


async def test_a_paused_thread_ends_after_months_and_what_waited_is_told(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    client = skipping.client
    with skipping.with_time_skipping_disabled():
        await deliver(client, mail("first", thread))
        await idle_after(client, thread, 1)
        await orders(client, thread, CommandName.PAUSE)
        await deliver(client, mail("second", thread))
        await until(client, thread, lambda status: bool(status.queue))
    handle = client.get_workflow_handle(thread)
    await skipping.fast_forward(handle, timedelta(days=84))
    await skipping.fast_forward(handle, timedelta(days=7))
    await handle.result()
    notes = [reply.detail for reply in far.replies if reply.kind is ReplyKind.NOTE]
    assert any(note.startswith("This conversation ends in 7 days") for note in notes)
    assert any("second" in note and "dropped" in note for note in notes)


async def test_a_budget_that_is_used_up_starts_nothing(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    refusal = BudgetRefusal(which=BudgetName.PER_THREAD, limit_usd=10, spent_usd=10)
    far.budget = lambda order: BudgetGrant(refusal=refusal)
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.BUDGET_EXCEEDED]
    assert far.agent_inputs == []
    assert far.replies[-1].detail == refusal.words()


async def test_costs_are_settled_sandbox_by_sandbox(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    limited = refused(AgentOutcome.RATE_LIMITED, usage=Usage(cost_usd=0.5))
    in_turn(far, limited, done("Done."))
    await deliver(skipping.client, mail("first", thread))
    await idle_after(skipping.client, thread, 1)
    assert [(each.key, each.usd) for each in far.settled] == [(f"{thread}/task-1/1", 0.5), (f"{thread}/task-1/2", 0.25)]
    assert [each.task_spent_usd for each in far.reserved] == [0.0, 0.5]
    assert (await status_of(skipping.client, thread)).usage.cost_usd == 0.75


async def test_money_that_other_tasks_hold_is_waited_for(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    held = BudgetRefusal(which=BudgetName.PER_DAY, limit_usd=5, spent_usd=1, held_usd=4)
    answers = [BudgetGrant(refusal=held)] * 8 + [BudgetGrant(granted_usd=2.0)]
    far.budget = lambda order: answers.pop(0)
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.SUCCESS]
    assert [each.key for each in far.reserved] == [f"{thread}/task-1/1"] * 9
    assert [reply.detail for reply in far.replies if reply.kind is ReplyKind.PROGRESS] == [
        "Your task waits: the budget of this repository for one day, $5.00, is held by tasks that run at the moment. "
        "It goes on by itself."
    ]


async def test_money_that_would_not_do_anyway_is_not_waited_for(
    skipping: WorkflowEnvironment, far: ScriptedActivities, thread: str
) -> None:
    spent = BudgetRefusal(which=BudgetName.PER_DAY, limit_usd=5, spent_usd=5, held_usd=0.5)
    far.budget = lambda order: BudgetGrant(refusal=spent)
    await deliver(skipping.client, mail("first", thread))
    assert await finish(skipping.client, thread) == [TaskOutcome.BUDGET_EXCEEDED]
    assert len(far.reserved) == 1
