"""Where what was done is recorded for good."""

import logging
from typing import Protocol

from airut.errors import AuditUnavailable
from airut.models.telemetry.audit import AuditEvent

logger = logging.getLogger("airut.audit")


class AuditTrail(Protocol):
    async def record(self, event: AuditEvent) -> None:
        """When this returns, the event is on disk. Twice the same is two entries, unless it says `once`.

        Raises:
            AuditUnavailable: it cannot be written; says why, and what to do.
        """
        ...


class LogTrail:
    """Implements `AuditTrail` for what has no better place: a line of the log."""

    async def record(self, event: AuditEvent) -> None:
        logger.info("%s", spoken(event))


async def note(trail: AuditTrail, event: AuditEvent) -> None:
    """Record what has happened already, or must happen in any case: where that cannot be, the log says it instead."""
    try:
        await trail.record(event)
    except AuditUnavailable as error:
        logger.error("not recorded: %s (%s)", spoken(event), error)


def spoken(event: AuditEvent) -> str:
    """An event as a line for people."""
    detail = ", ".join(
        f"{name}: {' '.join(value) if isinstance(value, tuple) else value}" for name, value in event.detail.items()
    )
    return f"{event.action} {event.object} by {event.actor}" + (f" ({detail})" if detail else "")
