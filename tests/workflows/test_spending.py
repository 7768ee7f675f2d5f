"""What a task asks for and says that it has cost, and what its author is told of it."""

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.budgets.budget import (
    BudgetGrant,
    BudgetName,
    BudgetRefusal,
    BudgetRelease,
    BudgetRequest,
    BudgetSettlement,
    BudgetStanding,
)
from airut.models.tasks.outcome import AgentOutcome, LostRun, TaskOutcome, Usage
from airut.models.tasks.spent import TaskSpent
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.models.threads.message import Hints
from airut.temporal.delivery import deliver
from tests.support.agent_results import BLOB, done
from tests.support.asking import agents_run, idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from workflows.turns import LOST

ONE_TASK = BudgetStanding(which=BudgetName.PER_TASK, limit_usd=0.2, spent_usd=0.0)


def request(thread: str, number: int, run: int, spent: float = 0.0, **more: float) -> BudgetRequest:
    """What run `run` of task `number` asks, after this much was spent in the thread."""
    return BudgetRequest.model_validate(
        {
            "key": f"{thread}/task-{number}/{run}",
            "repo": "web",
            "thread": thread,
            "author": "ann@example.com",
            "thread_spent_usd": spent,
            **more,
        }
    )


async def test_each_run_is_asked_for_and_settled_with_what_went_before(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.budget = lambda order: BudgetGrant(granted_usd=3.5)
    message = mail("first", thread).model_copy(update={"hints": Hints(budget=7)})
    await deliver(temporal.client, message)
    await idle_after(temporal.client, thread, 1)
    await deliver(temporal.client, mail("second", thread))
    await idle_after(temporal.client, thread, 2)
    assert activities.reserved == [request(thread, 1, 1, asked_usd=7), request(thread, 2, 1, 0.25)]
    assert activities.settled == [
        BudgetSettlement(key=f"{thread}/task-{number}/1", repo="web", usd=0.25) for number in (1, 2)
    ]
    assert [order.budget_usd for order in activities.agent_inputs] == [3.5, 3.5]
    task = await temporal.client.get_workflow_handle(f"{thread}/task-2").describe()
    kept = await task.memo_value(contracts.TASK_SPENT, type_hint=TaskSpent)
    assert kept == TaskSpent(usd=0.25, author="ann@example.com", model=activities.replies[-1].usage.model or "")


async def test_a_refusal_ends_the_task_before_an_agent_starts_and_says_why(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    refusal = BudgetRefusal(which=BudgetName.PER_THREAD, limit_usd=100, spent_usd=100.5)
    activities.budget = lambda order: BudgetGrant(refusal=refusal)
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert [(reply.outcome, reply.detail) for reply in activities.replies] == [
        (TaskOutcome.BUDGET_EXCEEDED, refusal.words())
    ]
    assert activities.agent_inputs == []
    assert activities.settled == []
    activities.budget = lambda order: BudgetGrant()
    await deliver(temporal.client, mail("go on", thread))
    assert (await idle_after(temporal.client, thread, 2)).recent[-1].outcome is TaskOutcome.SUCCESS


async def test_what_is_held_back_goes_on_by_itself(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    grants = [BudgetGrant(hold="web is paused by its operator"), BudgetGrant(granted_usd=1.0)]
    activities.budget = lambda order: grants.pop(0)
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert activities.reserved == [request(thread, 1, 1)] * 2
    assert activities.settled == [BudgetSettlement(key=f"{thread}/task-1/1", repo="web", usd=0.25)]


async def test_a_run_that_reached_its_grant_is_told_by_the_budget_that_it_came_from(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.budget = lambda order: BudgetGrant(granted_usd=0.2, tightest=ONE_TASK, note="the hint was too high")
    activities.agent = lambda order: done("So far.", AgentOutcome.BUDGET_EXCEEDED)
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    (reply,) = activities.replies
    assert (reply.outcome, reply.detail) == (
        TaskOutcome.BUDGET_EXCEEDED,
        "The budget of one task is $0.20, and $0.25 of it is spent. Reply to go on from there: each reply is a new task "
        "with a budget of its own.",
    )
    assert "the hint was too high" in reply.notes
    assert [settlement.usd for settlement in activities.settled] == [0.25]


async def test_a_lost_sandbox_is_settled_and_the_next_one_asks_by_a_key_of_its_own(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost_once(order: AgentInput) -> AgentResult:
        if order.attempt == 1:
            cost = LostRun(usage=Usage(cost_usd=1.5, turns=3), prompt_taken=True, transcript=BLOB, ran_s=7)
            raise ApplicationError("the network went away", cost, type="sandbox_lost", non_retryable=True)
        return done("Done.")

    activities.agent = lost_once
    await deliver(temporal.client, mail("first", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert (status.usage.cost_usd, status.usage.turns) == (1.75, 5)
    first, second = activities.agent_inputs
    assert (second.tell, second.resume_note) == (False, LOST)  # the session holds what it was told
    assert (first.time_left_s or 0) - (second.time_left_s or 0) == 7
    assert activities.reserved == [request(thread, 1, 1), request(thread, 1, 2, 1.5, task_spent_usd=1.5)]
    assert activities.settled == [
        BudgetSettlement(key=f"{thread}/task-1/1", repo="web", usd=1.5),
        BudgetSettlement(key=f"{thread}/task-1/2", repo="web", usd=0.25),
    ]


async def test_what_a_terminated_task_held_is_released(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").terminate("by hand")
    await idle_after(temporal.client, thread, 1)
    activities.gate.set()
    assert activities.released == [BudgetRelease(task=f"{thread}/task-1", repo="web")]


async def test_a_task_that_is_cancelled_settles(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.STOPPED]
    assert [settlement.key for settlement in activities.settled] == [f"{thread}/task-1/1"]
    assert activities.released == []
