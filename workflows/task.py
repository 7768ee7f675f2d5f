"""One prompt, one reply, and as many sandboxes in between as it takes (spec: lifecycle §3, §8)."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.blob import Text
    from airut.models.command import RetryStep
    from airut.models.message import InboundMessage
    from airut.models.outcome import TaskOutcome
    from airut.models.question import Question
    from airut.models.reply import ReplyKind
    from airut.models.settings import ThreadSettings
    from airut.models.steering import EndIntent, TaskMove, TaskOrder, TaskStatus
    from airut.models.steps import CleanUpInput, ReplyInput
    from airut.models.task import AgentResult, ReplyRecord, TaskInput, TaskResult, TaskStep
    from workflows import options, remarks
    from workflows.completion import seen_through
    from workflows.outcomes import HEADLINE_MOST, Ended, cut, reason
    from workflows.placement import Placement
    from workflows.publication import Publication
    from workflows.runs import Runs
    from workflows.steering import Steering

REMOVAL_WAIT = timedelta(minutes=15)
"""A host that is away for longer removes by itself what it has of this task, once it is back (its sweep)."""


@workflow.defn
class TaskWorkflow:
    """Steps: acknowledge ∥ workspace → image → agent → publish → reply; the sandbox is removed whatever happens."""

    @workflow.init
    def __init__(self, task: TaskInput) -> None:
        self.task = task
        self.steering = Steering()
        self.settings = task.settings or ThreadSettings()
        self.placement = Placement(task.repo, task.host, self.settings.host_lost_after_s)
        self.attempt = 1
        self.notes: list[str] = [*task.notes, *remarks.of_messages(task.messages)]
        self.result = TaskResult(
            outcome=TaskOutcome.INTERNAL_ERROR,
            branch=task.branch,
            host=task.host,
            session_id=task.session_id,
            stored=task.stored,
        )
        again = task.retry if task.retry and task.retry.step in {RetryStep.PUBLISH, RetryStep.REPLY} else None
        self.agent: AgentResult | None = again.result.agent if again else None
        self._status = TaskStatus(step=TaskStep.ACCEPTED, since=workflow.now())
        self._told = 0
        self.asked = 0
        """How many questions this task has asked."""
        self._begun_with = task.messages
        self._unused: list[InboundMessage] = []

    @workflow.signal(name=contracts.STEER)
    def steer(self, order: TaskOrder) -> None:
        self.steering.take(order, workflow.now())

    @workflow.query(name=contracts.STATUS)
    def status(self) -> TaskStatus:
        return self._status

    @workflow.query(name=contracts.INTENT)
    def intent(self) -> EndIntent:
        """What a cancelled agent is granted; its activity asks."""
        return self.steering.intent(self.settings)

    @workflow.run
    async def run(self, task: TaskInput) -> TaskResult:  # noqa: ARG002  # @workflow.init has it
        acknowledgement = asyncio.create_task(self._acknowledge())
        try:
            await self._work()
            await self._answer()
        except (Exception, asyncio.CancelledError):  # not `finally`: an evicted workflow can await nothing any more
            await self._leave(acknowledgement)
            raise
        await self._leave(acknowledgement, answered=True)
        self.enter(TaskStep.CLOSED, str(self.result.outcome))
        self._complete()
        if not self.result.outcome.did_its_job:
            # Failed in Temporal, so that it shows in the UI; the thread reads the result from the details.
            raise ApplicationError(self._headline(), self.result, type=str(self.result.outcome))
        return self.result

    async def _leave(self, acknowledgement: asyncio.Task[None], *, answered: bool = False) -> None:
        acknowledgement.cancel()
        await seen_through(self._clear_away(answered))

    async def _clear_away(self, answered: bool) -> None:
        """Once it is answered the thread knows, since whoever terminates the task now would have it answer again. Both
        begin in one step of the workflow."""
        telling = asyncio.create_task(self.tell_thread(self._complete())) if answered else None
        await self.release(delivered=self.result.reply is not None)
        if telling is not None:
            await telling

    def _complete(self) -> TaskResult:
        """The result with all that the thread has to know; what comes too late from now on is in the next one."""
        steering = self.steering
        self._unused += steering.take_joined()
        while steering.answered:
            if (left := steering.take_answer().left) is not None:
                self._unused.append(left)
        more = self.task.messages != self._begun_with
        self.update(
            messages=self.task.messages if more else (),
            unused=tuple(self._unused),
            agent=self.agent,
            settings=self.settings,
        )
        return self.result

    async def _work(self) -> None:
        """Everything between the message and its answer. However it ends, there is an outcome."""
        try:
            step = self.task.retry.step if self.task.retry else "prepare"
            if step == "reply":
                self._take_over()
                return
            runs = Runs(self)
            if step == "publish" and self.agent:
                prepared = await runs.prepare()
                if self.steering.stopped:  # which a step that ends by itself just then swallows
                    self._stop()
                    return
            else:
                prepared = await runs.to_the_end()
            if self.agent is not None:
                await Publication(self).of(self.agent, prepared)
        except Ended as ended:
            self.end(ended.outcome, ended.detail)
        except asyncio.CancelledError:
            self._stop()
        except ActivityError as error:
            if is_cancelled_exception(error) or stop_was_asked():
                self._stop()
            else:
                self.end(*reason(error))
        except Exception as error:  # ours; a task that nobody answers is worse than one that says so
            workflow.logger.exception("a task has failed by a fault of Airut's own")
            self.end(TaskOutcome.INTERNAL_ERROR, type(error).__name__)

    def _stop(self) -> None:
        by_whom = self.steering.stopped_by
        self.end(TaskOutcome.STOPPED, f"by {by_whom}" if by_whom and not stop_was_asked() else "in Temporal")

    def _take_over(self) -> None:
        """Only the reply is wanted again: its words are those of the task before."""
        before = self.task.retry.result if self.task.retry else self.result
        self.update(outcome=before.outcome, detail=before.detail, pull_request=before.pull_request)

    async def _acknowledge(self) -> None:
        """Never delays a task, never fails it."""
        order = ReplyInput(task=self.task, at=workflow.now(), kind=ReplyKind.ACKNOWLEDGEMENT)
        try:
            await workflow.execute_activity(
                contracts.acknowledge,
                order,
                **self.at_control(options.ACKNOWLEDGE, "acknowledge"),
            )
        except ActivityError as error:
            workflow.logger.info("not acknowledged: %s", type(error.cause).__name__)

    async def _answer(self) -> None:
        self.enter(TaskStep.REPLYING)
        agent, joined = self.agent, remarks.of_messages(self.task.messages[len(self._begun_with) :])
        order = ReplyInput(
            task=self.task,
            at=workflow.now(),
            kind=ReplyKind.ANSWER,
            outcome=self.result.outcome,
            detail=self.result.detail,
            text=agent.text if agent else None,
            usage=self.result.usage,
            pull_request=self.result.pull_request,
            branch=self.result.branch,
            attachments=agent.outbox if agent else (),
            notes=tuple(dict.fromkeys((*self.notes, *joined, *remarks.of_agent(agent, self.result.outcome)))),
        )
        record: ReplyRecord | None = None
        try:
            record = await seen_through(self.send(order))
        except ActivityError as error:
            self.end(TaskOutcome.REPLY_FAILED, reason(error)[1])
        self.update(reply=record)

    async def send(self, order: ReplyInput, limits: ActivityConfig = options.REPLY) -> ReplyRecord:
        """Raises: ActivityError: three days were not enough, or the channel refuses it for good."""
        summary = f"{order.kind}: {order.outcome}" if order.outcome else str(order.kind)
        return await workflow.execute_activity(contracts.reply, order, **self.at_control(limits, summary))

    async def tell(
        self,
        kind: ReplyKind,
        detail: str = "",
        question: Question | None = None,
        text: Text | None = None,
        limits: ActivityConfig = options.REPLY,
    ) -> None:
        """A message besides the answer. Raises: ActivityError"""
        self._told += 1
        order = ReplyInput(
            task=self.task, at=workflow.now(), kind=kind, seq=self._told, detail=detail, text=text, question=question
        )
        await self.send(order, limits)

    async def release(self, *, delivered: bool = False) -> None:
        """Remove the task's sandboxes; what it needs to go on lies in its workspace and in the blob store."""
        host = self.placement.host
        if host is None:
            return
        order = CleanUpInput(task=self.task, attempts=self.attempt, delivered=delivered)
        config = options.at(options.CLEAN_UP, contracts.host_queue(host), "remove the sandbox", self.task.repo)
        config["schedule_to_start_timeout"] = REMOVAL_WAIT
        try:
            await workflow.execute_activity(contracts.clean_up, order, **config)
        except ActivityError as error:  # what could not be removed must not unsay the answer
            workflow.logger.error("not cleaned up: %s", reason(error)[1])

    async def moved(self, steering: Steering | None = None) -> None:
        """Take another host; the reply says so. Raises: ActivityError: with `steering`, a stop or a pause came first"""
        gone = self.placement.host
        self.enter(TaskStep.PREPARING, "another sandbox host, since its own is away")
        host = await self.placement.claim(steering)
        self.notes.append(
            f"This conversation moved from host {gone} to {host}, since {gone} was away. What a run "
            "that this cut short had done is lost."
        )
        self.update(host=host)
        await self.tell_thread()

    def at_control(self, base: ActivityConfig, summary: str) -> ActivityConfig:
        return options.at(base, contracts.CONTROL_QUEUE, summary, self.task.repo)

    async def tell_thread(self, result: TaskResult | None = None) -> None:
        """The thread must know where its workspace lies, what the task waits for, and that it is answered."""
        parent = workflow.info().parent
        if parent is None:
            return
        move = TaskMove(host=self.placement.host, status=self._status, result=result)
        try:
            await workflow.get_external_workflow_handle(parent.workflow_id).signal(contracts.MOVED, move)
        except FailureError as error:
            workflow.logger.warning("the thread is not told: %s", error)

    def _headline(self) -> str:
        """What the Temporal UI shows of a failed task; the whole detail is in the result."""
        return f"{self.result.outcome}: {self.result.detail}"[:HEADLINE_MOST]

    def end(self, outcome: TaskOutcome, detail: str = "") -> None:
        self.update(outcome=outcome, detail=cut(detail))

    def update(self, **fields: Any) -> None:
        self.result = self.result.model_copy(update=fields)

    def enter(
        self, step: TaskStep, detail: str = "", until: datetime | None = None, question: Question | None = None
    ) -> None:
        self._status = TaskStatus(
            step=step,
            since=workflow.now(),
            detail=detail,
            attempt=self.attempt,
            until=until,
            question=question,
            asked=self.asked,
        )
        lines = [f"**{step}** {detail}".rstrip(), f"host: `{self.placement.host or 'not placed yet'}`"]
        if until:
            lines.append(f"until {until:%Y-%m-%d %H:%M} UTC")
        if request := self.result.pull_request:
            lines.append(f"[pull request #{request.number}]({request.url})")
        workflow.set_current_details("\n\n".join(lines))


def stop_was_asked() -> bool:
    """In Temporal itself. A step that ends by itself just when it is cancelled swallows the cancel."""
    return workflow.cancellation_reason() is not None
