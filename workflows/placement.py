"""Which sandbox host a task works on, and what is asked of it there (spec: lifecycle §10)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import Priority
from temporalio.exceptions import ActivityError, RetryState, TimeoutType, is_cancelled_exception
from temporalio.exceptions import TimeoutError as ActivityTimeout
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.threads.steering import TaskOrder
    from workflows import options
    from workflows.completion import seen_through
    from workflows.steering import Steering

PRESENCE = timedelta(minutes=10)
"""A host whose worker has taken nothing for so long is looked after: a restart or an upgrade takes a few minutes."""

AHEAD = 2
"""Temporal's priority (1 to 5, 3 by default) of a run that has queued for `PRESENCE` already: it keeps its place."""


class HostGone(Exception):
    """The host took nothing for `host.lost_after`; its cause is what nobody took there. Never leaves the workflows."""


class Placement:
    """Where a task works. `host` is None before the first claim, and again when the host is gone."""

    def __init__(self, repo: str, host: str | None, lost_after_s: float | None, presence: timedelta = PRESENCE) -> None:
        self._repo = repo
        self._presence = presence
        self.host = host
        self.lost_after_s = lost_after_s
        """None: a host that is away is waited for."""
        self.waiting_since: datetime | None = None
        """Since when nobody has taken what is to be done now, as far as that is known."""

    @property
    def lost_after(self) -> timedelta | None:
        return None if self.lost_after_s is None else timedelta(seconds=self.lost_after_s)

    async def claim(self, steering: Steering | None = None) -> str:
        """Any host that has room; a full or absent one is waited for. With `steering` a stop or a pause ends that.

        Raises:
            ActivityError: the wait was ended.
        """
        handle = workflow.start_activity(
            stubs.claim_host,
            **options.at(options.CLAIM, contracts.PLACEMENT_QUEUE, "find a sandbox host", self._repo),
        )
        self.waiting_since = workflow.now()
        try:
            await _until(handle, lambda: steering is not None and steering.interrupts)
            claim = await handle
        finally:
            self.waiting_since = None
        self.host = claim.host
        return claim.host

    async def run[Order, Result](
        self,
        stub: Callable[[Order], Awaitable[Result]],
        order: Order,
        base: ActivityConfig,
        summary: str,
        steering: Steering | None = None,
    ) -> Result:
        """A step on this host. With `steering` a stop cancels it; in a pause it is done to its end, if it has begun.

        Raises:
            HostGone: its worker did not come.
            ActivityError: the step failed, or was cancelled, or nobody had taken it when a pause came.
        """
        waited, begun = timedelta(), workflow.now()
        try:
            while True:
                config = self._config(base, summary, waited)
                handle = workflow.start_activity(stub, order, **config)
                try:
                    await _until(handle, lambda: steering is not None and steering.stopped)
                    return await handle
                except ActivityError as error:
                    waited = self._after(error, waited, config)
                    if steering is not None and steering.interrupts:
                        raise
                    self.waiting_since = begun
        finally:
            self.waiting_since = None

    async def run_agent[Order, Result](
        self,
        stub: Callable[[Order], Awaitable[Result]],
        order: Order,
        config: ActivityConfig,
        steering: Steering,
        *,
        ends: bool = False,
    ) -> Result:
        """An agent run, on the queue that takes as many at once as the host can hold. To wait there for a place is no
        sign of absence: the host is asked for one by its other queue. When the agent is to end, the run is cancelled,
        and what it left is returned all the same. One that `ends` by itself is not cancelled.

        Raises:
            HostGone, ActivityError
        """
        config = config.copy()
        config["schedule_to_start_timeout"] = self._presence
        while True:
            handle = workflow.start_activity(stub, order, **config)
            try:
                await _until(handle, lambda: steering.interrupts and not ends)
            except asyncio.CancelledError:  # in Temporal
                steering.take(TaskOrder(name="stop", author="Temporal"), workflow.now())
                handle.cancel()
            try:
                return await seen_through(_result(handle))
            except ActivityError as error:
                if not never_taken(error) or steering.interrupts:
                    raise
                lost = error
            try:
                await self._present(steering)
            except HostGone:
                raise HostGone from lost  # which knows what the run told of itself last
            config["priority"] = Priority(priority_key=AHEAD, fairness_key=self._repo)

    def low_memory(self) -> workflow.ActivityHandle[str]:
        """Ends, and says why, once this host is short of memory."""
        queue = contracts.host_queue(self.host or "")
        config = options.at(options.MEMORY, queue, "has the host memory for a frozen agent?", self._repo)
        return workflow.start_activity(stubs.wait_for_low_memory, **config)

    async def _present(self, steering: Steering) -> None:
        """Until the host answers. Raises: HostGone; ActivityError: a stop or a pause came first"""
        waited, base = self._presence, options.PING
        while True:
            config = self._config(base, "is the host there?", waited)
            handle = workflow.start_activity(stubs.ping_host, **config)
            try:
                await _until(handle, lambda: steering.interrupts)
                await handle
                return
            except ActivityError as error:
                if steering.interrupts:
                    raise
                waited = self._after(error, waited, config)

    def _config(self, base: ActivityConfig, summary: str, waited: timedelta) -> ActivityConfig:
        config = options.at(base, contracts.host_queue(self.host or ""), summary, self._repo)
        left = self._presence if self.lost_after is None else max(self.lost_after - waited, timedelta(seconds=1))
        config["schedule_to_start_timeout"] = min(self._presence, left)
        return config

    def _after(self, error: ActivityError, waited: timedelta, config: ActivityConfig) -> timedelta:
        """How long the host has been waited for by now. Raises: HostGone, and the error where it is another one."""
        if not never_taken(error):
            raise error
        waited += config.get("schedule_to_start_timeout") or self._presence
        if self.lost_after is not None and waited >= self.lost_after:
            raise HostGone from error
        return waited


async def _until[Result](handle: workflow.ActivityHandle[Result], ended: Callable[[], bool]) -> None:
    """Wait for the activity, or for a reason to cancel it."""
    await workflow.wait_condition(lambda: handle.done() or ended())
    if not handle.done():
        handle.cancel()


async def _result[Result](handle: workflow.ActivityHandle[Result]) -> Result:
    return await handle


def was_interrupted(error: ActivityError) -> bool:
    """It ended for the cancel that was asked of it, in whatever way: a worker that goes or dies just then is not waited
    for, since the server does not try again what is to be cancelled."""
    return is_cancelled_exception(error) or error.retry_state is RetryState.CANCEL_REQUESTED or never_taken(error)


def never_taken(error: ActivityError) -> bool:
    """No worker took it in time."""
    cause: Any = error.cause
    return isinstance(cause, ActivityTimeout) and cause.type is TimeoutType.SCHEDULE_TO_START
