"""One prompt, one reply, and as many sandboxes in between as it takes (spec: lifecycle §3, §8)."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.reply import ReplyKind
    from airut.models.tasks.spent import TaskSpent
    from airut.models.tasks.steps import ReplyInput
    from airut.models.tasks.task import ReplyRecord, TaskInput, TaskResult, TaskStep
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.steering import EndIntent, TaskOrder, TaskStatus
    from workflows import options, remarks
    from workflows.completion import seen_through
    from workflows.flow import Flow
    from workflows.outcomes import HEADLINE_MOST, Ended, reason
    from workflows.progress_mails import ProgressMails, is_told
    from workflows.publication import Publication
    from workflows.runs import Runs
    from workflows.showing import Showing
    from workflows.wait_mails import WaitMails


@workflow.defn
class TaskWorkflow:
    """Steps: acknowledge ∥ workspace → image → agent → publish → reply; the sandbox is removed whatever happens."""

    @workflow.init
    def __init__(self, task: TaskInput) -> None:
        self._flow = Flow(task)
        self._begun_with = task.messages
        self._unused: list[InboundMessage] = []
        self._showing = Showing(self._flow)

    @workflow.signal(name=contracts.STEER)
    def steer(self, order: TaskOrder) -> None:
        self._flow.steering.take(order, workflow.now())

    @workflow.query(name=contracts.STATUS)
    def status(self) -> TaskStatus:
        return self._flow.status

    @workflow.query(name=contracts.INTENT)
    def intent(self) -> EndIntent:
        """What a cancelled agent is granted; its activity asks."""
        return self._flow.steering.intent(self._flow.settings, self._flow.freeze_left_s)

    @workflow.run
    async def run(self, task: TaskInput) -> TaskResult:
        flow = self._flow
        beside = [asyncio.create_task(self._acknowledge())]
        if task.shows:
            self._showing.begin()
        if is_told(task):
            waits = WaitMails(flow)
            parts = (ProgressMails(flow).run(), waits.provider(), waits.host())
            beside += [asyncio.create_task(part) for part in parts]
        try:
            await self._work()
            await self._answer()
        except (Exception, asyncio.CancelledError):  # not `finally`: an evicted workflow can await nothing any more
            await self._leave(beside)
            raise
        await self._leave(beside, answered=True)
        flow.enter(TaskStep.CLOSED, str(flow.result.outcome))
        self._tell_cost()
        self._complete()
        if not flow.result.outcome.did_its_job:
            # Failed in Temporal, so that it shows in the UI; the thread reads the result from the details.
            raise ApplicationError(self._headline(), flow.result, type=str(flow.result.outcome))
        return flow.result

    def _tell_cost(self) -> None:
        """For sums over many tasks: nobody reads each one's result for them."""
        usage, first = self._flow.result.usage, next(iter(self._flow.task.messages), None)
        if workflow.patched("cost-in-memo"):
            spent = TaskSpent(usd=usage.cost_usd, author=first.author if first else "", model=usage.model or "")
            workflow.upsert_memo({contracts.TASK_SPENT: spent})

    async def _leave(self, beside: list[asyncio.Task[None]], *, answered: bool = False) -> None:
        for each in beside:
            each.cancel()
        self._showing.leave()
        await seen_through(self._clear_away(answered))

    async def _clear_away(self, answered: bool) -> None:
        """Once it is answered the thread knows, since whoever terminates the task now would have it answer again. Both
        begin in one step of the workflow."""
        flow = self._flow
        telling = asyncio.create_task(flow.tell_thread(self._complete())) if answered else None
        flow.settling.over(flow.result.outcome)
        await flow.release(delivered=flow.result.reply is not None)
        if telling is not None:
            await telling
        await flow.settling.finish()
        await self._showing.end()

    def _complete(self) -> TaskResult:
        """The result with all that the thread has to know; what comes too late from now on is in the next one."""
        flow, steering = self._flow, self._flow.steering
        self._unused += steering.take_joined()
        while steering.answered:
            if (left := steering.take_answer().left) is not None:
                self._unused.append(left)
        more = flow.task.messages != self._begun_with
        flow.update(
            messages=flow.task.messages if more else (),
            unused=tuple(self._unused),
            agent=flow.agent,
            settings=flow.settings,
        )
        return flow.result

    async def _work(self) -> None:
        """Everything between the message and its answer. However it ends, there is an outcome."""
        flow = self._flow
        try:
            step = flow.task.retry.step if flow.task.retry else "prepare"
            if step == "reply":
                self._take_over()
                return
            runs = Runs(flow)
            if step == "publish" and flow.agent:
                prepared = await runs.prepare()
                if flow.steering.stopped:  # which a step that ends by itself just then swallows
                    self._stop()
                    return
            else:
                prepared = await runs.to_the_end()
            if flow.agent is not None:
                await Publication(flow).of(flow.agent, prepared)
        except Ended as ended:
            flow.end(ended.outcome, ended.detail)
        except asyncio.CancelledError:
            self._stop()
        except ActivityError as error:
            if is_cancelled_exception(error) or stop_was_asked():
                self._stop()
            else:
                flow.end(*reason(error))
        except Exception as error:  # ours; a task that nobody answers is worse than one that says so
            workflow.logger.exception("a task has failed by a fault of Airut's own")
            flow.end(TaskOutcome.INTERNAL_ERROR, type(error).__name__)

    def _stop(self) -> None:
        by_whom = self._flow.steering.stopped_by
        self._flow.end(TaskOutcome.STOPPED, f"by {by_whom}" if by_whom and not stop_was_asked() else "in Temporal")

    def _take_over(self) -> None:
        """Only the reply is wanted again: its words are those of the task before."""
        flow = self._flow
        before = flow.task.retry.result if flow.task.retry else flow.result
        flow.update(outcome=before.outcome, detail=before.detail, pull_request=before.pull_request)

    async def _acknowledge(self) -> None:
        """Never delays a task, never fails it."""
        order = ReplyInput(task=self._flow.task, at=workflow.now(), kind=ReplyKind.ACKNOWLEDGEMENT)
        try:
            self._flow.acknowledged = await workflow.execute_activity(
                stubs.acknowledge,
                order,
                **self._flow.at_control(options.ACKNOWLEDGE, "acknowledge"),
            )
        except ActivityError as error:
            workflow.logger.info("not acknowledged: %s", type(error.cause).__name__)

    async def _answer(self) -> None:
        flow = self._flow
        flow.enter(TaskStep.REPLYING)
        agent, joined = flow.agent, remarks.of_messages(flow.task.messages[len(self._begun_with) :])
        order = ReplyInput(
            task=flow.task,
            at=workflow.now(),
            kind=ReplyKind.ANSWER,
            outcome=flow.result.outcome,
            detail=flow.result.detail,
            text=agent.text if agent else None,
            usage=flow.result.usage,
            pull_request=flow.result.pull_request,
            branch=flow.result.branch,
            attachments=agent.outbox if agent else (),
            notes=tuple(dict.fromkeys((*flow.notes, *joined, *remarks.of_agent(agent, flow.result.outcome)))),
        )
        record: ReplyRecord | None = None
        try:
            record = await seen_through(flow.send(order))
        except ActivityError as error:
            flow.end(TaskOutcome.REPLY_FAILED, reason(error)[1])
        flow.update(reply=record)

    def _headline(self) -> str:
        """What the Temporal UI shows of a failed task; the whole detail is in the result."""
        return f"{self._flow.result.outcome}: {self._flow.result.detail}"[:HEADLINE_MOST]


def stop_was_asked() -> bool:
    """In Temporal itself. A step that ends by itself just when it is cancelled swallows the cancel."""
    return workflow.cancellation_reason() is not None
