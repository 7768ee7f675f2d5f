"""What a thread tells people itself: notices, beside all else that it does (spec: lifecycle §4, §6)."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.reply import ReplyKind
    from airut.models.tasks.steps import ReplyInput
    from airut.models.tasks.task import ReplyRecord
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.notice_board import Notice
    from airut.models.threads.notices import queued_while_paused
    from airut.models.threads.state import ThreadState
    from airut.models.threads.thread import ThreadInput
    from workflows import options
    from workflows.commands import Commands
    from workflows.queue_notes import QueueNotes


class Telling:
    """Belongs to one ThreadWorkflow."""

    def __init__(self, thread: ThreadInput, state: ThreadState, commands: Commands) -> None:
        self._thread = thread
        self._state = state
        self._busy = False
        self._queue = QueueNotes(state, commands)

    @property
    def waits(self) -> bool:
        """Whether there is still something to tell, or on its way."""
        return self._busy or bool(self._state.notices.waiting)

    def queued(self, message: InboundMessage) -> None:
        """A message stays in the queue for now."""
        if paused := self._state.paused:
            self._state.notices.tell(message, queued_while_paused(paused.at, paused.author))
        else:
            self._queue.queued(message)

    async def run(self) -> None:
        await asyncio.gather(self._send_all(), self._queue.run())

    async def _send_all(self) -> None:
        """Send notices beside all else, one at a time: a mail server that is away holds up no task."""
        while True:
            await workflow.wait_condition(lambda: bool(self._state.notices.waiting))
            self._busy = True
            await self._send(self._state.notices.waiting[0])
            self._state.notices.waiting.pop(0)
            self._busy = False

    async def _send(self, notice: Notice) -> None:
        state = self._state
        order = ReplyInput(
            task=state.addressed(notice.message, self._thread),
            at=workflow.now(),
            kind=ReplyKind.NOTE,
            seq=state.notices.number(workflow.now()),
            detail=notice.text,
            private=notice.private,
        )
        await self.reply(order, options.REPLY)

    async def reply(self, order: ReplyInput, limits: ActivityConfig) -> ReplyRecord | None:
        limits = options.over(limits, order.task.channel)
        config = options.at(limits, contracts.CONTROL_QUEUE, f"reply: {order.outcome or order.kind}", order.task.repo)
        try:
            return await workflow.execute_activity(stubs.reply, order, **config)
        except ActivityError as error:
            workflow.logger.warning("not answered: %s", type(error.cause).__name__)
            return None
