"""Mails that tell how far a task is."""

from temporalio import activity

from activities.failures import reported
from activities.reply import Replies
from airut.models.mail.progress_report import ReportOrder, compose_report
from airut.models.tasks.outcome import TaskOutcome
from airut.ports.run_progress import RunProgressReader


class Reports:
    def __init__(self, replies: Replies, runs: RunProgressReader) -> None:
        self._replies = replies
        self._runs = runs

    @activity.defn
    async def report_progress(self, order: ReportOrder) -> None:
        with reported(TaskOutcome.REPLY_FAILED):
            run = await self._runs.of(order.reply.task.id)
            if run is not None:  # else it has ended just now, and the answer comes
                await self._replies.send(order.reply, compose_report(order, run), ())
