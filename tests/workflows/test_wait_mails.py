"""What is told of waits that nobody chose: a task plays its steps."""

import asyncio
import uuid

from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut.models.mail.notes import MailNotes
from airut.models.tasks.task import TaskInput, TaskStep
from tests.support.asking import LIMIT
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from workflows.flow import Flow
from workflows.wait_mails import Times, WaitMails

HOST, TAKEN = "no host takes it", "a host takes it"
AGENT, WAITS, ASKS = (str(step) for step in (TaskStep.AGENT, TaskStep.AWAITING_PROVIDER, TaskStep.AWAITING_ANSWER))
STEP, SHORT = 3.0, 0.5
"""Seconds: what a busy machine takes to tell something, and for states in which nothing is told."""


def times(**soon: bool) -> Times:
    """What is not soon is never."""
    return Times.model_validate({name: 0.0 if soon.get(name) else 3600.0 for name in Times.model_fields})


@workflow.defn(sandboxed=False)
class Played:
    """A task that is in each of these states for a while, and in the last one until all is told that is to be."""

    def __init__(self) -> None:
        self._told = False

    @workflow.signal
    def all_told(self) -> None:
        self._told = True

    @workflow.run
    async def run(self, task: TaskInput, times: Times, steps: list[str]) -> None:
        flow = Flow(task)
        flow.acknowledged = MailNotes()
        waits = WaitMails(flow, times)
        beside = asyncio.gather(waits.provider(), waits.host())
        for step in steps:
            if step in (HOST, TAKEN):
                flow.placement.waiting_since = workflow.now() if step == HOST else None
            else:
                flow.enter(TaskStep(step))
            await workflow.sleep(STEP if len(steps) == 2 else SHORT)
        await workflow.wait_condition(lambda: self._told)
        beside.cancel()


AWAY, OVER = (
    "**Your task waits for the sandbox host h9, which has its workspace**",
    "Your task, which had to wait since",
)


CASES: list[tuple[Times, list[str], list[str]]] = [
    (times(settled=True, long=True), [WAITS, AGENT], [OVER]),
    (times(settled=True), [WAITS, AGENT], []),
    (times(long=True), [WAITS, AGENT, WAITS, AGENT, ASKS], []),
    (times(long=True), [HOST, TAKEN], []),
    (times(told=True), [HOST, TAKEN], [AWAY]),
    (times(told=True, long=True), [HOST, TAKEN], [AWAY, OVER]),
]


async def test_what_is_told(temporal: WorkflowEnvironment, activities: ScriptedActivities) -> None:
    queue = uuid.uuid4().hex

    async def played(number: int, times: Times, steps: list[str], expected: int) -> list[str]:
        message = mail("do it", f"web/mail/{queue}{number}")
        task = TaskInput(
            thread=message.thread, repo="web", channel=message.channel, number=1, messages=(message,), session_id="s",
            host="h9",
        )  # fmt: skip
        run = await temporal.client.start_workflow(
            Played.run, args=[task, times, steps], id=f"{queue}{number}", task_queue=queue
        )

        def told() -> list[str]:
            return [reply.detail for reply in activities.replies if reply.task.thread == message.thread]

        async with asyncio.timeout(LIMIT):
            while len(told()) < expected:
                await asyncio.sleep(0.05)
        await run.signal(Played.all_told)
        await run.result()
        return told()

    async with Worker(temporal.client, task_queue=queue, workflows=[Played]):
        found = await asyncio.gather(
            *(played(n, times, steps, len(told)) for n, (times, steps, told) in enumerate(CASES))
        )
    starts = [[next(start for start in (AWAY, OVER) if word.startswith(start)) for word in words] for words in found]
    assert starts == [told for _, _, told in CASES]
