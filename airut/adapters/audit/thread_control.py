"""Buttons of threads whose presses are recorded."""

from airut.models.tasks.retry import RetryOrder
from airut.models.telemetry.audit import AuditAction, AuditEvent, Detail
from airut.models.threads.command import AnswerOrder, ThreadCommand
from airut.models.threads.thread import ThreadStatus
from airut.ports.audit import AuditTrail, note
from airut.ports.thread_control import ThreadControl


class AuditedThreadControl:
    """Implements `airut.ports.thread_control.ThreadControl` with another one. What was taken is recorded."""

    def __init__(self, control: ThreadControl, trail: AuditTrail) -> None:
        self._control = control
        self._trail = trail

    async def command(self, order: ThreadCommand) -> None:
        await self._control.command(order)
        await self._note(order.author, order.message.thread, command=str(order.name), task=order.task)

    async def retry(self, thread: str, order: RetryOrder) -> str:
        said = await self._control.retry(thread, order)
        await self._note(order.author, thread, command="retry", task=order.task, step=str(order.step))
        return said

    async def answer(self, thread: str, order: AnswerOrder) -> str:
        said = await self._control.answer(thread, order)
        await self._note(order.author, thread, command="answer", task=order.task)
        return said

    async def status(self, thread: str) -> ThreadStatus:
        return await self._control.status(thread)

    async def _note(self, actor: str, thread: str, **detail: Detail) -> None:
        await note(self._trail, given(actor, thread, **detail))


def given(actor: str, thread: str, **detail: Detail) -> AuditEvent:
    """A command that a thread has taken."""
    return AuditEvent(actor=actor, action=AuditAction.THREAD_COMMAND, object=thread, detail=detail)
