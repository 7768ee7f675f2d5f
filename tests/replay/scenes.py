"""What is played for a recording: one scene for each way that a thread can go."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.client import Client, ScheduleBackfill, ScheduleOverlapPolicy
from temporalio.exceptions import ApplicationError

from airut import contracts
from airut.models.budgets.budget import BudgetOrder, BudgetRelease, BudgetRequest, Budgets, BudgetSettlement
from airut.models.pull_requests.follow_up import OnFailure
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, FailedCheck
from airut.models.questions.question import Option, Question, QuestionItem
from airut.models.schedules.schedule import ScheduleSettings
from airut.models.schedules.timezones import ZoneDay
from airut.models.tasks.outcome import AgentOutcome
from airut.models.tasks.retry import RetryOrder
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.models.threads.command import AnswerOrder, CommandName, CommandWord, command_of
from airut.models.threads.thread import ThreadPhase
from airut.temporal.budget import TemporalBudgetLedger
from airut.temporal.delivery import command, deliver
from airut.temporal.hosts import report_up, set_drained
from airut.temporal.schedules import as_schedule, scheduled_task
from tests.support.agent_results import done
from tests.support.asking import agents_run, until
from tests.support.messages import NOON, mail
from tests.support.scripted_activities import ScriptedActivities

LIMIT = 200.0
"""Seconds for anything to come about: what waits for a provider waits up to two minutes more."""

QUESTION = Question(
    id="toolu_1",
    items=(QuestionItem(text="Which database?", options=(Option(label="PostgreSQL"), Option(label="SQLite"))),),
    tool="AskUserQuestion",
)

Play = Callable[[Client, ScriptedActivities, str], Awaitable[None]]


class Scene(NamedTuple):
    name: str
    play: Play
    continue_after: int = 4096
    """Events after which the server suggests to continue as new."""
    keeps: tuple[str, ...] = ()
    """Types of the workflows whose histories are kept, where others are like those of other scenes; empty for all."""


async def idle(client: Client, thread: str, tasks: int) -> None:
    """Until so many tasks have closed and nothing waits."""
    await until(
        client,
        thread,
        lambda status: status.phase is ThreadPhase.IDLE and status.tasks >= tasks and not status.queue,
        LIMIT,
    )
    await asyncio.sleep(0.5)  # what follows a task's end: notes, search attributes


async def says(client: Client, thread: str, name: CommandName) -> None:
    """Send a command as a mail would, and wait until it is carried out."""
    order = command_of(mail(str(name), thread), CommandWord(name=name))
    await command(client, order)
    await until(client, thread, lambda status: order.key in [each.key for each in status.commands], LIMIT)


async def at_work(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """A first message, whose agent runs until the gate opens or it is interrupted."""
    scripted.gate.clear()
    scripted.interrupted = done("Half of it.", AgentOutcome.STOPPED)
    await deliver(client, mail("add a file", thread))
    await agents_run(scripted)


async def success(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)


async def failed(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    scripted.workspace = _refused
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)


async def lost_sandbox(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    def lost_once(order: AgentInput) -> AgentResult:
        if order.attempt == 1:
            raise ApplicationError("network_lost", type="sandbox_lost", non_retryable=True)
        return done("Done.")

    scripted.agent = lost_once
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)


async def queued(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """Messages while a task runs, one of them twice, and one of a stranger."""
    await at_work(client, scripted, thread)
    await asyncio.sleep(2.1)  # past the time in which a message joins the first task
    for text in ("and tests", "and docs", "and docs"):
        await deliver(client, mail(text, thread))
    await deliver(client, mail("may I", thread, author="carl@example.com"))
    scripted.gate.set()
    await idle(client, thread, 2)


async def continue_as_new(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    for number in range(1, 6):
        await deliver(client, mail(f"message {number}", thread))
        await idle(client, thread, number)


async def stop(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """With a message waiting, so that the thread is held; then closed."""
    await at_work(client, scripted, thread)
    await asyncio.sleep(2.1)
    await deliver(client, mail("and tests", thread))
    await says(client, thread, CommandName.STOP)
    await says(client, thread, CommandName.STATUS)
    await says(client, thread, CommandName.CLOSE)
    await client.get_workflow_handle(thread).result()


async def pause(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    await at_work(client, scripted, thread)
    await says(client, thread, CommandName.PAUSE)
    await deliver(client, mail("and tests", thread))
    scripted.gate.set()
    await says(client, thread, CommandName.RESUME)
    await idle(client, thread, 2)


async def question(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    def asks(order: AgentInput) -> AgentResult:
        if order.answer is not None:
            return done("Done.")
        asking = done("", AgentOutcome.QUESTION, bundle=None)
        return asking.model_copy(update={"verdict": asking.verdict.model_copy(update={"question": QUESTION})})

    scripted.agent = asks
    await deliver(client, mail("add a file", thread))
    await until(client, thread, lambda status: status.question is not None, LIMIT)
    order = AnswerOrder(question_id="toolu_1", choices=("2",), author="ann@example.com", key="answer-1", at=NOON)
    await client.get_workflow_handle(thread).execute_update(contracts.ANSWER, order, id=order.key)
    await idle(client, thread, 1)


async def provider_wait(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """A limit that renews, after which the work goes on; then an outage, which the author does not wait for."""

    def refuses(order: AgentInput) -> AgentResult:
        match len(scripted.agent_inputs):
            case 1:
                limited = done("", AgentOutcome.RATE_LIMITED, bundle=None)
                renews = {"retry_at": datetime.now(UTC) + timedelta(seconds=1), "usage_limit": True}
                return limited.model_copy(update={"verdict": limited.verdict.model_copy(update=renews)})
            case 2:
                return done("Done.")
            case _:
                return done("", AgentOutcome.PROVIDER_UNAVAILABLE, bundle=None)

    scripted.agent = refuses
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)
    await deliver(client, mail("and tests", thread))
    await until(
        client, thread, lambda status: status.open_task is not None and status.open_task.until is not None, LIMIT
    )
    await says(client, thread, CommandName.STOP)
    await idle(client, thread, 2)


async def budget(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """A task that may not start, and the ledger that says so."""
    limits = Budgets(per_day=2.0)
    today = ZoneDay(day=NOON.date(), ends_at=NOON + timedelta(hours=12), zone="UTC")
    ledger = TemporalBudgetLedger(client)
    for number in (1, 2, 3):
        request = BudgetRequest(key=f"{thread}/task-1/{number}", repo="web", thread=thread, author="ann@example.com")
        grant = await ledger.reserve(BudgetOrder(request=request, budgets=limits, today=today))
        if grant.refusal is None:
            await ledger.settle(BudgetSettlement(key=request.key, repo="web", usd=1.0))
    await ledger.release(BudgetRelease(task=f"{thread}/task-1", repo="web"))
    scripted.budget = lambda request: grant
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)


async def retry(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """By the author's command, and by an operator from a later step."""
    scripted.workspace = _refused
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)
    scripted.workspace = _accepted
    await says(client, thread, CommandName.RETRY)
    await idle(client, thread, 2)
    order = RetryOrder.model_validate({"key": "retry-1", "author": "operator", "step": "reply", "task": 2})
    await client.get_workflow_handle(thread).execute_update(contracts.RETRY, order, id=order.key)
    await idle(client, thread, 3)


async def follow_up(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """Checks that fail and are mended, pass, and a merge; the thread is closed after that."""
    scripted.forge.on_failure = OnFailure.FIX
    failed = FailedCheck(name="test", url="https://ci.example.com/1")
    await deliver(client, mail("add a file", thread))
    await idle(client, thread, 1)
    scripted.forge.shows(checks=Checks(state=CheckState.FAILED, total=1, failed=(failed,)))
    await idle(client, thread, 2)
    scripted.forge.shows(head="c2", checks=Checks(state=CheckState.PASSED, total=1))
    async with asyncio.timeout(LIMIT):
        while not any("passed" in reply.detail for reply in scripted.replies):
            await asyncio.sleep(0.1)
    scripted.forge.shows(state=PullRequestState.MERGED)
    await client.get_workflow_handle(contracts.follow_up_id(thread)).result()
    order = command_of(mail("close", thread), CommandWord(name=CommandName.CLOSE))
    await command(client, order)
    await client.get_workflow_handle(thread).result()


async def schedule(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """A firing with a prompt, and one whose trigger gives it."""
    given: tuple[dict[str, object], ...] = ({"prompt": "look around"}, {"trigger": {"command": ["check", "all"]}})
    for number, what in enumerate(given, start=1):
        deliver_to = {"cron": "0 0 1 1 *", "deliver": {"email": ["ann@example.com"]}}
        settings = ScheduleSettings.model_validate(deliver_to | what)
        task = scheduled_task("web", f"yearly{number}", "UTC", settings, NOON)
        handle = await client.create_schedule(task.id, as_schedule(task))
        year = datetime(2026, 1, 1, tzinfo=UTC)
        minute = timedelta(seconds=30)
        policy = ScheduleOverlapPolicy.ALLOW_ALL
        await handle.backfill(ScheduleBackfill(start_at=year - minute, end_at=year + minute, overlap=policy))
        async with asyncio.timeout(LIMIT):
            while not (found := [each async for each in client.list_workflows(f"TemporalScheduledById = '{task.id}'")]):
                await asyncio.sleep(0.1)
        await client.get_workflow_handle(found[0].id).result()


async def upkeep(client: Client, scripted: ScriptedActivities, thread: str) -> None:
    """A host that starts, is drained and opened again; a look of its janitor, and of the one for records."""
    await report_up(client, scripted.host, drain=False)
    for drain in (True, False):
        await set_drained(client, scripted.host, drain=drain)
    for name, arguments in ((contracts.SWEEP_WORKFLOW, [scripted.host]), (contracts.EXPIRY_WORKFLOW, [])):
        handle = await client.start_workflow(name, args=arguments, id=name.lower(), task_queue=contracts.CONTROL_QUEUE)
        await handle.result()


SCENES = (
    Scene("success", success),
    Scene("failed", failed),
    Scene("lost-sandbox", lost_sandbox),
    Scene("queued", queued),
    Scene("continue-as-new", continue_as_new, continue_after=30, keeps=(contracts.THREAD_WORKFLOW,)),
    Scene("stop", stop),
    Scene("pause", pause),
    Scene("question", question),
    Scene("provider-wait", provider_wait),
    Scene("retry", retry),
    Scene("budget", budget),
    Scene("follow-up", follow_up),
    Scene("schedule", schedule, keeps=(contracts.SCHEDULED_TASK_WORKFLOW,)),
    Scene("upkeep", upkeep),
)


def _refused(order: object) -> None:
    raise ApplicationError("no permission", type="workspace_failed", non_retryable=True)


def _accepted(order: object) -> None:
    return None
