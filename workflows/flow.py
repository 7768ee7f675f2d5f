"""An open task at this moment: what it was given, what came of it, and what it tells. Its parts share it."""

from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.blob import Text
    from airut.models.mail.notes import MailNotes
    from airut.models.questions.question import Question
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.page import task_page
    from airut.models.tasks.reply import ReplyKind
    from airut.models.tasks.settings import ThreadSettings
    from airut.models.tasks.steps import CleanUpInput, ReplyInput
    from airut.models.tasks.task import AgentResult, ReplyRecord, TaskInput, TaskResult, TaskStep
    from airut.models.threads.command import RetryStep
    from airut.models.threads.steering import TaskMove, TaskStatus
    from workflows import options, remarks
    from workflows.outcomes import cut, reason
    from workflows.placement import Placement
    from workflows.settling import Settling
    from workflows.steering import Steering

REMOVAL_WAIT = timedelta(minutes=15)
"""A host that is away for longer removes by itself what it has of this task, once it is back (its sweep)."""


class Flow:
    """Belongs to one open task."""

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
        self.status = TaskStatus(step=TaskStep.ACCEPTED, since=workflow.now())
        self.acknowledged: MailNotes | None = None
        """What is told by mail, as the control worker said it."""
        self.granted_usd: float | None = None
        """What the run in hand may cost."""
        self.freeze_left_s = 0.0
        """How long the sandbox in hand may still stand frozen."""
        self.asked = 0
        """How many questions this task has asked."""
        self.settling = Settling()
        self._told = 0

    @property
    def mails(self) -> MailNotes | None:
        """What this conversation is told besides; None where nobody has said it yet."""
        return self.settings.mails or self.acknowledged

    def end(self, outcome: TaskOutcome, detail: str = "") -> None:
        self.update(outcome=outcome, detail=cut(detail))

    def update(self, **fields: Any) -> None:
        self.result = self.result.model_copy(update=fields)

    def enter(
        self,
        step: TaskStep,
        detail: str = "",
        until: datetime | None = None,
        question: Question | None = None,
        *,
        frozen: bool = False,
    ) -> None:
        self.status = TaskStatus(
            step=step,
            since=workflow.now(),
            detail=detail,
            attempt=self.attempt,
            until=until,
            question=question,
            frozen=frozen,
            asked=self.asked,
        )
        lines = [f"**{step}** {detail}".rstrip(), f"host: `{self.placement.host or 'not placed yet'}`"]
        if until:
            lines.append(f"until {until:%Y-%m-%d %H:%M} UTC")
        if self.agent:
            lines += [f"credential rejected: {rejected}" for rejected in self.agent.rejected]
            lines += [f"refused by the fence: {request}" for request in self.agent.blocked]
        if request := self.result.pull_request:
            lines.append(f"[pull request #{request.number}]({request.url})")
        if page := task_page(self.settings.dashboard, self.task.thread, self.task.number):
            lines.append(f"[dashboard]({page})")
        workflow.set_current_details("\n\n".join(lines))

    async def send(self, order: ReplyInput, limits: ActivityConfig = options.REPLY) -> ReplyRecord:
        """Raises: ActivityError: three days were not enough, or the channel refuses it for good."""
        summary = f"{order.kind}: {order.outcome}" if order.outcome else str(order.kind)
        limits = options.over(limits, order.task.channel)
        return await workflow.execute_activity(stubs.reply, order, **self.at_control(limits, summary))

    async def tell(
        self,
        kind: ReplyKind,
        detail: str = "",
        question: Question | None = None,
        text: Text | None = None,
        limits: ActivityConfig = options.REPLY,
    ) -> None:
        """A message besides the answer. Raises: ActivityError"""
        order = ReplyInput(
            task=self.task,
            at=workflow.now(),
            kind=kind,
            seq=self.next_seq(),
            detail=detail,
            text=text,
            question=question,
        )
        if question is not None:
            self.settling.posted(order)
        await self.send(order, limits)

    def next_seq(self) -> int:
        """Tells messages of this task from one another, besides its answer."""
        self._told += 1
        return self._told

    async def release(self, *, delivered: bool = False) -> None:
        """Remove the task's sandboxes; what it needs to go on lies in its workspace and in the blob store."""
        host = self.placement.host
        if host is None:
            return
        order = CleanUpInput(task=self.task, attempts=self.attempt, delivered=delivered)
        config = options.at(options.CLEAN_UP, contracts.host_queue(host), "remove the sandbox", self.task.repo)
        config["schedule_to_start_timeout"] = REMOVAL_WAIT
        try:
            await workflow.execute_activity(stubs.clean_up, order, **config)
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
        move = TaskMove(host=self.placement.host, status=self.status, settings=self.settings, result=result)
        try:
            await workflow.get_external_workflow_handle(parent.workflow_id).signal(contracts.MOVED, move)
        except FailureError as error:
            workflow.logger.warning("the thread is not told: %s", error)
