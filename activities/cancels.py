"""What a cancel means for an activity with a sandbox: the user's stop, or only that this attempt has to go."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError


class Cancels:
    """Of one attempt. The user's stop never interrupts what the attempt is doing: it ends the sandbox's command, and
    what that has left is brought home all the same. Whatever else cancels an attempt means that another one takes its
    place, and adopts the sandbox."""

    def __init__(self, what: str, *, stop: bool = False) -> None:
        """`what` runs on when this worker has to go: for the text of the failure. `stop` is one that came before."""
        self._what = what
        self.stop = stop
        """True once the user's stop has arrived."""

    async def outlasted[Result](
        self,
        work: Coroutine[Any, Any, Result],
        patience: float | None = None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> Result:
        """What `work` comes to, though a stop arrive meanwhile (`on_stop` is called) or have arrived before. Work that
        then takes longer than `patience` seconds (None: as long as it takes) is cancelled, and so is all work of an
        attempt that has to go; both are left to tidy up.

        Raises:
            ApplicationError, asyncio.CancelledError: this attempt has to go, or the work took too long after a stop.
        """
        task = asyncio.ensure_future(work)
        try:
            while not task.done():
                limit = patience if self.stop else None
                try:
                    await asyncio.wait({task}, timeout=limit)
                except asyncio.CancelledError:
                    await self._take()
                    on_stop()
                else:
                    if not task.done():
                        raise asyncio.CancelledError(f"not done {limit:g} s after the stop")
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def _take(self) -> None:
        """Returns when it is the user's stop. Once that is so, nobody comes after this attempt (Temporal does not
        retry what was to be cancelled), and a worker that shuts down ends the agent first: that takes seconds."""
        details = activity.cancellation_details()
        if self.stop:
            return
        if details is not None and details.worker_shutdown:
            raise ApplicationError(
                f"this worker shuts down; {self._what} runs on",
                type="WorkerDraining",
                category=ApplicationErrorCategory.BENIGN,
            )
        if details is None or not (details.cancel_requested or (details.not_found and await _workflow_is_closed())):
            raise asyncio.CancelledError
        self.stop = True


async def _workflow_is_closed() -> bool:
    """`not_found` means that this attempt was superseded, or that the workflow was terminated: ask which. Where nobody
    can say, the agent runs on: what is over is swept."""
    info = activity.info()
    if info.workflow_id is None:
        return True
    handle = activity.client().get_workflow_handle(info.workflow_id, run_id=info.workflow_run_id)
    try:
        return (await handle.describe()).status is not WorkflowExecutionStatus.RUNNING
    except RPCError:
        return False
