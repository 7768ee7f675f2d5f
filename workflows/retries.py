"""What is wanted done again, and whether it can be now (spec: lifecycle §4)."""

import contextlib
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.retry import RetryOrder
    from airut.models.threads.state import ThreadState
    from workflows.commands import Commands
    from workflows.open_task import OpenTask

TOLD_WAIT = timedelta(seconds=30)
"""Between an answer that stands in its channel and the task that says here that it does lie two steps of workers that
run, a second each where they are busy. Whoever pressed is long told to press again."""


class Retries:
    """Belongs to one ThreadWorkflow."""

    def __init__(self, state: ThreadState, commands: Commands, open_task: OpenTask) -> None:
        self._state = state
        self._commands = commands
        self._open_task = open_task

    def check(self, order: RetryOrder) -> None:
        """Raises: ApplicationError: it cannot be done again, nor in a moment"""
        if not self._is_being_told(order):
            self._refuse(order)

    async def take(self, order: RetryOrder) -> None:
        """It is what the thread does next. Raises: ApplicationError: as `check`"""
        if self._is_being_told(order):
            with contextlib.suppress(TimeoutError):  # then it is refused, as a task that is open
                await workflow.wait_condition(lambda: not self._is_being_told(order), timeout=TOLD_WAIT)
            self._refuse(order)
        if not self._state.inbox.knows(order.key):
            self._state.inbox.remember(order.key, workflow.now())
            self._state.retry = order

    def _is_being_told(self, order: RetryOrder) -> bool:
        """Only an answer offers a button to do its task again, so whoever pressed has read it; that it was delivered,
        the task may have yet to say here."""
        untold = self._commands.task is not None and self._open_task.told is None
        return untold and not order.operator and order.task == self._state.tasks and not self._state.closing

    def _refuse(self, order: RetryOrder) -> None:
        task, told = self._commands.task, self._open_task.told
        refused = self._state.why_not_retry(order, task is not None, told.outcome if task and told else None)
        if refused and not self._state.inbox.knows(order.key):
            raise ApplicationError(refused[1], type=refused[0], non_retryable=True)
