"""Mails that tell how far a task is, where nothing else can show it (spec: email §9)."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut.contracts import stubs
    from airut.models.mail.progress_report import ReportOrder
    from airut.models.tasks.reply import ReplyKind
    from airut.models.tasks.steps import ReplyInput
    from airut.models.tasks.task import TaskInput, TaskStep
    from airut.models.threads.message import ChannelKind
    from workflows import options
    from workflows.flow import Flow


def is_told(task: TaskInput) -> bool:
    """Whether its channel is one of letters. A schedule has nobody who waits."""
    return task.channel is ChannelKind.EMAIL and not all(message.opens for message in task.messages)


class ProgressMails:
    """Belongs to one open task."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._begun = workflow.now()

    async def run(self) -> None:
        """Until all are sent, or cancelled. One that could not be sent in time is left out, and so is one of a task
        that stands still: of that people are told otherwise."""
        flow = self._flow
        await workflow.wait_condition(lambda: flow.mails is not None)
        rules = flow.mails.progress if flow.mails else None
        if rules is None:
            return
        for number in range(rules.max):
            due = self._begun + timedelta(seconds=rules.after + number * rules.every)
            if (left := due - workflow.now()) <= timedelta():
                continue
            await workflow.sleep(left, summary="until a mail about the progress")
            if flow.status.step is TaskStep.AGENT:
                await self._send()

    async def _send(self) -> None:
        flow = self._flow
        reply = ReplyInput(task=flow.task, at=workflow.now(), kind=ReplyKind.PROGRESS, seq=flow.next_seq())
        order = ReportOrder(
            reply=reply,
            begun=self._begun,
            spent_usd=flow.result.usage.cost_usd,
            granted_usd=flow.granted_usd,
        )
        try:
            await workflow.execute_activity(
                stubs.report_progress, order, **flow.at_control(options.ACKNOWLEDGE, "how far it is")
            )
        except ActivityError as error:
            workflow.logger.info("the progress is not told: %s", type(error.cause).__name__)
