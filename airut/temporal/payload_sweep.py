"""Values that no history names any more go from the payload store."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut.errors import CensusUnavailable
from airut.models.blob import BlobRef, SweptBlobs
from airut.ports.blobs import BlobUpkeep

KEPT = timedelta(days=30)
"""After a value was last named by a history, written or read. So nothing depends on one look being complete: a list of
workflows that lags, or lacks some after a restore, would have to do so for a month."""

REFERENCE = re.compile(rb'\{"sha256":"([0-9a-f]{64})","size":(\d{1,15})\}')
"""As `claim_check` writes it. References are looked for in whole messages of Temporal's, and not in the fields that we
know: one that is found too many keeps a file, one that is missed would lose a thread."""


class PayloadSweep:
    """Implements `airut.ports.payloads.PayloadUpkeep`."""

    def __init__(self, client: Client, store: BlobUpkeep) -> None:
        self._client = client
        self._store = store

    async def sweep(self, now: datetime) -> SweptBlobs:
        """Renew what any open or retained workflow or any schedule still names; only then remove."""
        try:
            async for message in _recorded(self._client):
                if refs := references(message):
                    await self._store.renew(refs)
        except RPCError as error:
            raise CensusUnavailable(f"Temporal did not say to the end what histories name: {error.message}") from error
        return await self._store.delete_unused(now - KEPT)


def references(message: Message) -> tuple[BlobRef, ...]:
    """Every reference to a blob that stands anywhere in a message of Temporal's."""
    found = REFERENCE.findall(message.SerializeToString())
    return tuple(BlobRef(sha256=digest.decode(), size=int(size)) for digest, size in found)


async def _recorded(client: Client) -> AsyncIterator[Message]:
    """Whatever may hold a value: events, what open workflows hold beside them (heartbeats), schedules."""
    async for run in client.list_workflows():
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        try:
            if run.close_time is None:
                yield (await handle.describe()).raw_description
            async for event in handle.fetch_history_events():
                yield event
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # its retention ended meanwhile
                raise
    async for schedule in await client.list_schedules():
        try:
            yield (await client.get_schedule_handle(schedule.id).describe()).raw_description
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # removed meanwhile
                raise
