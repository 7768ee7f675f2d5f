"""Requests that wait for their own bodies, and how much of those may be kept at a time."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.bodies import MAX_INSPECTED
from proxy.whole import Awaited

MAX_HELD = 4 * MAX_INSPECTED  # bytes of all requests together: a quarter of the container's memory


@dataclass
class _Held:
    awaited: Awaited
    size: int = 0


class HeldBodies:
    """By request: what its body is awaited for, and the bytes that are there."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def __contains__(self, flow_id: str) -> bool:
        return flow_id in self._held

    def expect(self, flow_id: str, awaited: Awaited, fields: Fields) -> None:
        """From now on this request waits for its body.

        Raises:
            Refused: its head says already that it is too large.
        """
        lengths = [int(value) for name, value in fields if name.lower() == b"content-length" and value.isdigit()]
        if max(lengths, default=0) > MAX_INSPECTED:
            raise Refused(Reason.BODY_TOO_LARGE_TO_INSPECT, awaited.remedy)
        self._held[flow_id] = _Held(awaited)

    def add(self, flow_id: str, size: int) -> None:
        """Counts so many bytes more.

        Raises:
            Refused: they are too many; a request that does not wait may keep none.
        """
        held = self._held.get(flow_id)
        if held is None:
            raise Refused(Reason.BODY_TOO_LARGE_TO_INSPECT)
        held.size += size
        if held.size > MAX_INSPECTED or sum(other.size for other in self._held.values()) > MAX_HELD:
            raise Refused(Reason.BODY_TOO_LARGE_TO_INSPECT, held.awaited.remedy)

    def take(self, flow_id: str) -> Awaited | None:
        """Ends the wait; what the body was awaited for, if it was."""
        held = self._held.pop(flow_id, None)
        return held.awaited if held is not None else None
