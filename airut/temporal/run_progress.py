"""How far running agents are: their activities' last heartbeats, which Temporal tells to whoever asks."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import ValidationError
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.errors import CensusUnavailable, PayloadError
from airut.models.tasks.progress import RunProgress

LIMIT = timedelta(seconds=5)
"""For one look: the next one comes soon."""


class TemporalRunProgress:
    """Implements `airut.ports.run_progress.RunProgressReader`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def of(self, task: str) -> RunProgress | None:
        try:
            described = await self._client.get_workflow_handle(task).describe(rpc_timeout=LIMIT)
            if described.close_time is not None:  # what was pending then still is, as it says
                return None
            for pending in described.raw_description.pending_activities:
                if pending.activity_type.name != contracts.RUN_AGENT:
                    continue
                if not pending.HasField("heartbeat_details"):
                    waits = pending.state == PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
                    return RunProgress(begun=not waits)
                values = await self._client.data_converter.decode(pending.heartbeat_details.payloads)
                return told(values[0] if values else {})
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise CensusUnavailable(f"Temporal does not say how far {task} is: {error.message}") from error
        except PayloadError as error:
            raise CensusUnavailable(f"how far {task} is cannot be read") from error
        return None


def told(details: object) -> RunProgress:
    """A heartbeat's details, of which other versions of a host may tell more or less."""
    known = details if isinstance(details, Mapping) else {}
    fields = {name: known[name] for name in ("plan", "step", "cost_usd") if name in known}
    try:
        return RunProgress.model_validate(fields)
    except ValidationError:
        return RunProgress()
