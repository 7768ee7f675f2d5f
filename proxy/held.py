"""Requests that wait for their own bodies, and how much of those may be kept at a time."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.bodies import MAX_INSPECTED
from proxy.inspection import Plan

MAX_HELD = 4 * MAX_INSPECTED  # bytes of all requests together: a quarter of the container's memory


@dataclass
class _Held:
    plan: Plan
    size: int = 0


class HeldBodies:
    """By request: what its body will be held to, and the bytes that are there."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def __contains__(self, flow_id: str) -> bool:
        return flow_id in self._held

    def expect(self, flow_id: str, plan: Plan) -> None:
        """From now on this request waits for its body."""
        self._held[flow_id] = _Held(plan)

    def add(self, flow_id: str, size: int) -> bool:
        """Whether so many bytes more may be kept; a request that does not wait may keep none."""
        held = self._held.get(flow_id)
        if held is None:
            return False
        held.size += size
        return held.size <= MAX_INSPECTED and sum(other.size for other in self._held.values()) <= MAX_HELD

    def take(self, flow_id: str) -> Plan | None:
        """Ends the wait; the plan, if there was one."""
        held = self._held.pop(flow_id, None)
        return held.plan if held is not None else None
