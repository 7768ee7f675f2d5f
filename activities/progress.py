"""What people see of an open task, where its channel has a place for that."""

import asyncio

from temporalio import activity

from activities.failures import reported
from airut.errors import CensusUnavailable
from airut.models.credentials.redaction import Redactor
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import RunProgress, ShowOrder
from airut.models.tasks.shown import Shown
from airut.ports.display import Display, Displays
from airut.ports.run_progress import RunProgressReader

BEAT = 1.0
"""Seconds between two heartbeats: by them a cancel arrives, and the state that comes next waits for this one's end."""

MISSED_MOST = 20
"""Looks that find no agent before nobody is looked for any more: between two attempts of one there may be a few."""


class ProgressShows:
    def __init__(self, displays: Displays, runs: RunProgressReader, redactor: Redactor | None = None) -> None:
        """What `redactor` knows is not shown."""
        self._displays = displays
        self._runs = runs
        self._redactor = redactor or Redactor()

    @activity.defn
    async def show_progress(self, order: ShowOrder) -> Shown:
        with reported(TaskOutcome.REPLY_FAILED):
            display = self._displays.of(order.repo, order.channel)
            return order.shown if display is None else await display.show(self._without_secrets(order))

    @activity.defn
    async def follow_progress(self, order: ShowOrder) -> Shown:
        with reported(TaskOutcome.REPLY_FAILED):
            display = self._displays.of(order.repo, order.channel)
            if display is None:
                return order.shown
            try:
                return await self._follow(display, self._without_secrets(order))
            finally:
                display.leave(order)

    async def _follow(self, display: Display, order: ShowOrder) -> Shown:
        missed = 0
        while missed < MISSED_MOST:
            run = await self._run(order.task_id)
            missed = 0 if run is not None else missed + 1
            if run is not None:
                shown = await display.update(order, run)
                if shown.gone:
                    return shown
            await _beating_for(display.interval)
        return order.shown

    async def _run(self, task: str) -> RunProgress | None:
        activity.heartbeat()
        try:
            return await self._runs.of(task)
        except CensusUnavailable:
            return None

    def _without_secrets(self, order: ShowOrder) -> ShowOrder:
        look = order.look.model_copy(update={"detail": self._redactor.text(order.look.detail)})
        return order.model_copy(update={"look": look})


async def _beating_for(seconds: float) -> None:
    left = seconds
    while left > 0:
        activity.heartbeat()
        await asyncio.sleep(min(BEAT, left))
        left -= BEAT
