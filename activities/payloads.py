"""The payload store, which holds what is too large for a history, is kept to what histories name."""

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.models.blob import SweptBlobs
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.archive import ExpireOrder
from airut.ports.payloads import PayloadUpkeep


class PayloadSweeps:
    def __init__(self, payloads: PayloadUpkeep) -> None:
        self._payloads = payloads

    @activity.defn
    async def expire_payloads(self, order: ExpireOrder) -> SweptBlobs:
        with reported(TaskOutcome.INTERNAL_ERROR):
            async with beating():
                return await self._payloads.sweep(order.now)
