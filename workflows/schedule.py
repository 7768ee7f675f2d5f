"""One firing of a schedule: from its nominal time to the end of the task that it gave (spec: lifecycle §14)."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import SearchAttributeKey
from temporalio.exceptions import ActivityError, FailureError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.blob import Text
    from airut.models.schedules.due import Due
    from airut.models.schedules.firing import FiringEnd, FiringResult, GiveWay, OtherFirings, ScheduledTask
    from airut.models.schedules.schedule import Overlap
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.task import TaskClosed
    from airut.models.threads.command import CommandName, ThreadCommand, without_text
    from airut.models.threads.message import InboundMessage, SlackRoute
    from workflows import options
    from workflows.completion import seen_through
    from workflows.trigger import TriggerRun

NOMINAL = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""Set by the server: the time that the schedule meant, without jitter, and however late the firing comes."""

ASK_AGAIN = timedelta(hours=6)
"""Whoever should tell us may have been terminated in the Temporal UI: then nobody ever will, and a schedule that skips
overlaps would stand still for good. Six hours, since only that rare case needs it."""


@workflow.defn(name=contracts.SCHEDULED_TASK_WORKFLOW)
class ScheduledTaskWorkflow:
    """Decides whether this firing counts, gets its prompt, opens the thread, and waits for its task: it runs as long
    as the task does, so that Temporal's overlap policies mean something."""

    @workflow.init
    def __init__(self, task: ScheduledTask) -> None:
        self._task = task
        self._nominal: datetime = workflow.info().typed_search_attributes.get(NOMINAL) or workflow.info().start_time
        self._closed: TaskClosed | None = None
        self._askers: list[str] = []
        self._others: set[str] = set()
        self._undelivered = ""

    @workflow.signal(name=contracts.TASK_CLOSED)
    def task_closed(self, closed: TaskClosed) -> None:
        self._closed = closed

    @workflow.signal(name=contracts.GIVE_WAY)
    def give_way(self, order: GiveWay) -> None:
        if order.asker not in self._askers:
            self._askers.append(order.asker)

    @workflow.signal(name=contracts.GONE)
    def gone(self, firing: str) -> None:
        self._others.discard(firing)

    @workflow.run
    async def run(self, task: ScheduledTask) -> FiringResult:  # noqa: ARG002  # @workflow.init has it
        self._show("running")
        result = FiringResult(end=FiringEnd.STOPPED, outcome=TaskOutcome.STOPPED)
        try:
            result = await self._fire()
        except asyncio.CancelledError:
            workflow.logger.info("stopped in Temporal")
        finally:
            await seen_through(self._tell_askers())
        self._show("closed", result)
        return result

    async def _fire(self) -> FiringResult:
        if (due := self._task.judge(self._nominal)) is not Due.DUE:
            return FiringResult(end=FiringEnd.SKIPPED_REPEAT if due is Due.REPEAT else FiringEnd.NOT_DUE)
        if self._task.settings.overlap is Overlap.CANCEL_OTHER:
            await self._displace_others()
        text = await self._prompt()
        if self._askers:
            return FiringResult(end=FiringEnd.STOPPED, outcome=TaskOutcome.STOPPED)
        if text is None:
            return FiringResult(end=FiringEnd.NOTHING_TO_DO)
        try:
            opened = await self._opened()
        except ActivityError as error:
            workflow.logger.warning("no thread was opened: %s", error.cause)
            self._undelivered = str(error.cause)
            return FiringResult(end=FiringEnd.UNDELIVERED, outcome=TaskOutcome.REPLY_FAILED)
        message = self._task.message(self._nominal, workflow.now(), text, workflow.info().workflow_id, opened)
        return await self._deliver(message)

    async def _opened(self) -> SlackRoute | None:
        """Where the thread begins, if a post of ours has to begin it: only once there is something to do."""
        opening = self._task.opening(self._nominal, workflow.info().start_time)
        if opening is None:
            return None
        options_ = self._options(options.REPLY, f"open a thread in {opening.place}")
        return await workflow.execute_activity(stubs.open_conversation, opening, **options_)

    async def _prompt(self) -> Text | None:
        """The prompt, from the settings or from the trigger; None when there is nothing to do."""
        if self._task.settings.prompt is not None:
            return Text(inline=self._task.settings.prompt)
        run = asyncio.create_task(TriggerRun(self._task, self._nominal).prompt())
        try:
            await workflow.wait_condition(lambda: run.done() or bool(self._askers))
        finally:
            if not run.done():
                run.cancel()
                await seen_through(_ended(run))
        return None if self._askers else run.result()

    async def _deliver(self, message: InboundMessage) -> FiringResult:
        """Open the thread and wait until the task that took the message has closed; when stopped, stop it first."""
        # Once it may have arrived, the thread has to be waited for: a stop comes after this step.
        await seen_through(self._start_thread(message))
        try:
            await self._wait_for_task(message.thread, until_asked=True)
        except asyncio.CancelledError:
            workflow.logger.info("stopped in Temporal")
        if self._closed is None:
            await seen_through(self._stop(message))
        if self._closed is None:  # the thread was ended, or terminated, and will not tell
            return FiringResult(end=FiringEnd.STOPPED, thread=message.thread, outcome=TaskOutcome.STOPPED)
        return FiringResult(
            end=FiringEnd.DELIVERED, thread=message.thread, task=self._closed.task, outcome=self._closed.outcome
        )

    async def _start_thread(self, message: InboundMessage) -> None:
        options_ = self._options(options.START_THREAD, f"open {message.thread}")
        await workflow.execute_activity(stubs.start_thread, message, **options_)

    async def _wait_for_task(self, thread: str, *, until_asked: bool) -> None:
        while self._closed is None and not (until_asked and self._askers):
            try:
                await workflow.wait_condition(
                    lambda: self._closed is not None or (until_asked and bool(self._askers)), timeout=ASK_AGAIN
                )
            except TimeoutError:
                options_ = self._options(options.START_THREAD, "is the task still there?")
                if not await workflow.execute_activity(stubs.task_is_pending, thread, **options_):
                    return

    async def _stop(self, message: InboundMessage) -> None:
        """Stop the thread's task as its author could, and wait for its end: its answer says that it was stopped."""
        order = without_text(message).model_copy(update={"key": f"{message.key}/stop", "notify": None})
        command = ThreadCommand(name=CommandName.STOP, message=order, answered=False)
        try:
            await workflow.get_external_workflow_handle(message.thread).signal(contracts.CONTROL, command)
        except FailureError as error:
            workflow.logger.info("%s is gone already: %s", message.thread, error)
            return
        await self._wait_for_task(message.thread, until_asked=False)

    async def _displace_others(self) -> None:
        """Ask the older firings to end, and wait until they have. One that is gone already cannot be asked."""
        own = workflow.info().workflow_id
        order = OtherFirings(schedule=self._task.id, firing=own)
        found = await workflow.execute_activity(
            stubs.other_firings, order, **self._options(options.START_THREAD, "who else runs?")
        )
        self._others.update(found)
        while self._others and not self._askers:
            for other in sorted(self._others):
                try:
                    await workflow.get_external_workflow_handle(other).signal(contracts.GIVE_WAY, GiveWay(asker=own))
                except FailureError:
                    self._others.discard(other)
            try:
                await workflow.wait_condition(lambda: not self._others or bool(self._askers), timeout=ASK_AGAIN)
            except TimeoutError:
                continue  # asked again: the signal fails for one that was terminated

    async def _tell_askers(self) -> None:
        told: set[str] = set()
        while waiting := [asker for asker in self._askers if asker not in told]:
            told.update(waiting)
            for asker in waiting:
                try:
                    handle = workflow.get_external_workflow_handle(asker)
                    await handle.signal(contracts.GONE, workflow.info().workflow_id)
                except FailureError as error:
                    workflow.logger.info("%s is not told: %s", asker, error)

    def _options(self, base: ActivityConfig, summary: str) -> ActivityConfig:
        return options.at(base, contracts.CONTROL_QUEUE, summary, self._task.repo)

    def _show(self, state: str, result: FiringResult | None = None) -> None:
        """Tell the Temporal UI, and `airut schedule list`, what this firing is."""
        found = [contracts.STATE.value_set(state)]
        if result is not None:
            found.append(contracts.OUTCOME.value_set(result.word))
        workflow.upsert_search_attributes(found)
        lines = [f"**{result.word if result else state}**, meant for {self._nominal:%Y-%m-%d %H:%M:%S} UTC"]
        if result is not None and result.thread is not None:
            lines.append(f"thread: `{result.thread}`")
        if self._undelivered:
            lines.append(self._undelivered)
        workflow.set_current_details("\n\n".join(lines))


async def _ended(run: "asyncio.Task[Text | None]") -> None:
    """Wait for a cancelled trigger, whose sandbox is removed on the way, however it ends."""
    try:
        await run
    except (asyncio.CancelledError, ActivityError) as error:
        workflow.logger.info("the trigger was stopped: %s", type(error).__name__)
