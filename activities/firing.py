"""What a firing of a schedule asks of other workflows."""

from temporalio import activity

from activities.failures import reported
from airut.models.schedules.firing import Opening, OtherFirings
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.message import InboundMessage, SlackRoute
from airut.ports.openings import Openings
from airut.ports.threads import Threads


class Firings:
    def __init__(self, threads: Threads, openings: Openings) -> None:
        self._threads = threads
        self._openings = openings

    @activity.defn
    async def open_conversation(self, opening: Opening) -> SlackRoute:
        with reported(TaskOutcome.REPLY_FAILED):
            return await self._openings.open(opening)

    @activity.defn
    async def start_thread(self, message: InboundMessage) -> None:
        with reported(TaskOutcome.INTERNAL_ERROR):
            await self._threads.deliver(message)

    @activity.defn
    async def task_is_pending(self, thread: str) -> bool:
        with reported(TaskOutcome.INTERNAL_ERROR):
            return await self._threads.is_busy(thread)

    @activity.defn
    async def other_firings(self, order: OtherFirings) -> list[str]:
        with reported(TaskOutcome.INTERNAL_ERROR):
            # Ids end in the nominal time (RFC 3339, UTC), so the older of two firings has the lesser id: of two that
            # begin at once exactly one gives way.
            return [each for each in await self._threads.firings(order.schedule) if each < order.firing]
