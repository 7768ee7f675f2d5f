"""An audit trail that is counted: what was refused, and what could not be recorded."""

from airut.errors import AuditUnavailable
from airut.models.telemetry import metrics
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.audit import AuditTrail
from airut.ports.telemetry import Telemetry


class CountedTrail:
    """Implements `airut.ports.audit.AuditTrail` with another one."""

    def __init__(self, trail: AuditTrail, telemetry: Telemetry, host: str) -> None:
        self._trail = trail
        self._telemetry = telemetry
        self._host = host

    async def record(self, event: AuditEvent) -> None:
        if event.action is AuditAction.MESSAGE_REFUSED:
            repo, _, channel = event.object.partition("/")
            result = "failed" if event.detail.get("folder") == "failed" else "rejected"
            self._telemetry.record(metrics.MESSAGES, 1, repo=repo, channel=channel, result=result)
        try:
            await self._trail.record(event)
        except AuditUnavailable:
            self._telemetry.record(metrics.AUDIT_FAILURES, 1, host=self._host)
            raise
