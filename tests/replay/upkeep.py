"""The activities that hosts and the janitor use, as parts to be played."""

from temporalio import activity

from airut.models.blob import SweptBlobs
from airut.models.hosts.host import PlacementOrder
from airut.models.hosts.sweep import SweepMemory, SweepOrder, SweepReport
from airut.models.threads.archive import Expired, ExpireOrder


@activity.defn
async def set_placement(order: PlacementOrder) -> None:
    """Taken note of."""


@activity.defn
async def sweep_host(order: SweepOrder) -> SweepReport:
    return SweepReport(memory=SweepMemory(), ask=("web/mail/gone",), sandboxes=("s",), problems=("a problem",))


@activity.defn
async def expire_records(order: ExpireOrder) -> Expired:
    return Expired(blobs=1)


@activity.defn
async def expire_payloads(order: ExpireOrder) -> SweptBlobs:
    return SweptBlobs(count=1, bytes=2)


UPKEEP = (set_placement, sweep_host, expire_records, expire_payloads)
