"""Where a task stands still: in a pause, for an answer, for the provider. None of it holds a worker, a container or a
slot (spec: lifecycle §3, §5, §7)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut.models.blob import Text
    from airut.models.questions.question import Question
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.reply import ReplyKind
    from airut.models.tasks.task import AgentResult, TaskStep
    from airut.models.threads.notices import reminder
    from airut.models.threads.steering import TaskOrder
    from workflows import options
    from workflows.flow import Flow
    from workflows.outcomes import Ended, reason
    from workflows.steering import Steering


class Holds:
    """Belongs to one open task."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    def check_stop(self) -> None:
        if self._flow.steering.stopped:
            raise Ended(TaskOutcome.STOPPED, f"by {self._flow.steering.stopped_by}")
        if workflow.cancellation_reason() is not None:
            raise Ended(TaskOutcome.STOPPED, "in Temporal")

    async def may_go_on(self) -> None:
        """Between two steps: a stop ends the task here, a pause holds it. Raises: Ended"""
        flow, steering = self._flow, self._flow.steering
        self.check_stop()
        if not steering.paused:
            return
        before = flow.status
        await flow.release()
        flow.enter(TaskStep.PAUSED, f"by {steering.paused_by}")
        await flow.tell_thread()
        await workflow.wait_condition(lambda: not steering.paused or steering.stopped)
        self.check_stop()
        flow.enter(before.step, before.detail)
        await flow.tell_thread()

    async def park(
        self,
        step: TaskStep,
        detail: str,
        until: datetime,
        woken: Callable[[], bool],
        question: Question | None = None,
    ) -> bool:
        """Wait without worker, container or slot; True when woken, False when the time is over. In a pause both are
        noted and not acted on, which the next look at the pause sees to. Raises: Ended"""
        flow, steering = self._flow, self._flow.steering
        await flow.release()
        while not woken():
            self.check_stop()
            paused, left = steering.paused, until - workflow.now()
            if left <= timedelta():
                break
            flow.enter(TaskStep.PAUSED if paused else step, detail, until, question)
            await flow.tell_thread()
            try:
                await workflow.wait_condition(
                    _changed(steering, paused, woken), timeout=left, timeout_summary=f"{step}: {detail[:60]}"
                )
            except TimeoutError:
                break
        self.check_stop()
        return woken()

    async def inform(self, text: str, kind: ReplyKind = ReplyKind.PROGRESS) -> None:
        """Nice to have: a mail server that is away must not hold up the task, nor what people want of it meanwhile."""
        steering = self._flow.steering
        telling = asyncio.create_task(self._told(kind, text, limits=options.ACKNOWLEDGE))
        try:
            await workflow.wait_condition(lambda: telling.done() or steering.interrupts or steering.answered)
        finally:
            telling.cancel()

    async def _told(
        self,
        kind: ReplyKind,
        detail: str,
        question: Question | None = None,
        text: Text | None = None,
        limits: ActivityConfig = options.REPLY,
    ) -> str | None:
        """Why it could not be told; None when it was."""
        try:
            await self._flow.tell(kind, detail, question, text, limits)
        except ActivityError as error:
            workflow.logger.info("not told: %s", type(error.cause).__name__)
            return reason(error)[1]
        return None

    async def ask(self, question: Question, agent: AgentResult) -> TaskOrder:
        """Post the question, wait for its answer as long as it takes, and return it. Raises: Ended"""
        flow, begun = self._flow, workflow.now()
        flow.asked += 1
        until = begun + timedelta(seconds=flow.settings.question_timeout_s)
        about = question.items[0].text[:200]
        flow.enter(TaskStep.AWAITING_ANSWER, about, until, question)
        await flow.tell_thread()  # before it is posted: no answer can come before its question is known
        # Whoever sees it elsewhere can answer, stop or pause while the mail server is away.
        posting = asyncio.create_task(self._told(ReplyKind.QUESTION, "", question, agent.text))

        def is_over() -> bool:
            return flow.steering.answered or (posting.done() and posting.result() is not None)

        try:
            for seconds in (*flow.settings.reminders_s, None):
                by = until if seconds is None else min(begun + timedelta(seconds=seconds), until)
                if await self.park(TaskStep.AWAITING_ANSWER, about, by, is_over, question):
                    break
                if seconds is not None and by < until and posting.done():
                    await self.inform(reminder(question, begun), ReplyKind.QUESTION)
            else:
                raise Ended(TaskOutcome.QUESTION_EXPIRED, about)
            if not flow.steering.answered:
                raise Ended(TaskOutcome.REPLY_FAILED, posting.result() or "")
        finally:
            posting.cancel()
        order = flow.steering.take_answer()
        flow.settling.answered(order)
        if order.left:  # it is answered with the others, done again with them, and its files are the agent's
            answer = order.left.model_copy(update={"notes": order.message.notes if order.message else ()})
            flow.task = flow.task.model_copy(update={"messages": (*flow.task.messages, answer)})
        return order


def _changed(steering: Steering, paused: bool, woken: Callable[[], bool]) -> Callable[[], bool]:
    """`paused` is what was told last: a pause can come while that is being told."""
    return lambda: woken() or steering.stopped or steering.paused != paused
