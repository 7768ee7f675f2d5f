"""A thread as whoever presses its buttons sees it: at once, or not at all."""

from typing import Protocol

from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import AnswerOrder, ThreadCommand
from airut.models.threads.thread import ThreadStatus


class ThreadAway(Exception):
    """No answer within two seconds. Nothing is known to have been taken; the same once more does no harm."""


class ThreadGone(Exception):
    """There is no open thread of that id."""


class ThreadRefused(Exception):
    """The thread does not do that; its words say why."""


class ThreadControl(Protocol):
    """Every method raises `ThreadAway` and `ThreadGone`."""

    async def command(self, order: ThreadCommand) -> None:
        """Give an open thread a command. When this returns, it is taken for good; no worker has to be up."""
        ...

    async def retry(self, thread: str, order: RetryOrder) -> str:
        """Have a task done again; the id of the new one. Raises: ThreadRefused"""
        ...

    async def answer(self, thread: str, order: AnswerOrder) -> str:
        """Answer the open question; what becomes of it, in words. Raises: ThreadRefused"""
        ...

    async def status(self, thread: str) -> ThreadStatus: ...
