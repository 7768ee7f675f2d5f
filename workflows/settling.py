"""The question that people have before them, until nobody can answer it any more (spec: slack §9)."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.steps import QuestionOver, ReplyInput
    from airut.models.threads.message import ChannelKind
    from airut.models.threads.steering import TaskOrder
    from workflows import options
    from workflows.outcomes import reason

PATIENCE = timedelta(minutes=1)
"""A task waits so long, at its end, for its questions to show that they are over: nothing depends on it."""


class Settling:
    """Belongs to one open task. Where a channel cannot change what it has sent, nothing of it is done."""

    def __init__(self) -> None:
        self._open: ReplyInput | None = None
        self._under_way: list[asyncio.Task[None]] = []

    def posted(self, order: ReplyInput) -> None:
        """This asks a question, or is about to."""
        if order.task.channel is ChannelKind.SLACK:
            self._open = order

    def answered(self, order: TaskOrder) -> None:
        """By whatever way. The work goes on meanwhile."""
        self._begin(author=order.author, answer=order.answer, message=order.message)

    def over(self, outcome: TaskOutcome) -> None:
        """The task ends: what is still open, nobody will answer."""
        self._begin(outcome=outcome)

    async def finish(self) -> None:
        if not self._under_way:
            return
        try:
            done = self._under_way
            await workflow.wait_condition(lambda: all(task.done() for task in done), timeout=PATIENCE)
        except TimeoutError:
            for task in self._under_way:
                task.cancel()

    def _begin(self, **how: object) -> None:
        if self._open is None:
            return
        over = QuestionOver.model_validate({"posted": self._open, "at": workflow.now(), **how})
        self._open = None
        self._under_way.append(asyncio.create_task(_settle(over)))


async def _settle(over: QuestionOver) -> None:
    config = options.at(options.SETTLE, contracts.CONTROL_QUEUE, "the question is over", over.posted.task.repo)
    try:
        await workflow.execute_activity(stubs.settle_question, over, **config)
    except ActivityError as error:
        workflow.logger.info("a question that is over still shows as open: %s", reason(error)[1])
