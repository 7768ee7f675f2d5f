"""Sandboxes whose start is recorded: under which policy, with which network, with which credentials."""

import hashlib
from collections.abc import AsyncIterator

from airut.models.hosts.sandbox import OutputChunk, SandboxRef, SandboxSignal, SandboxSpec
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.ports.audit import AuditTrail
from airut.ports.sandbox import Sandboxes


class AuditedSandboxes:
    """Implements `airut.ports.sandbox.Sandboxes` with another one."""

    def __init__(self, sandboxes: Sandboxes, trail: AuditTrail) -> None:
        self._sandboxes = sandboxes
        self._trail = trail
        self._recorded: set[str] = set()

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        """Recorded first, and once: a worker that takes over what another one has started says nothing new.

        Raises:
            AuditUnavailable, and what the other one does
        """
        if spec.sandbox_id not in self._recorded:
            for event in started(spec):
                await self._trail.record(event)
            self._recorded.add(spec.sandbox_id)
        return await self._sandboxes.start(spec)

    def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        return self._sandboxes.follow(ref, offset)

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        await self._sandboxes.signal(ref, signal)

    async def remove(self, sandbox_id: str) -> None:
        self._recorded.discard(sandbox_id)
        await self._sandboxes.remove(sandbox_id)


def started(spec: SandboxSpec) -> list[AuditEvent]:
    """One entry for the sandbox and its policy, one for credentials that it is granted, one for a network without a
    fence."""
    network = spec.network
    policy = None if network.allowlist is None else hashlib.sha256(network.allowlist.encode()).hexdigest()

    def event(action: AuditAction, **detail: str | int | tuple[str, ...] | None) -> AuditEvent:
        return AuditEvent(
            actor="airut", action=action, object=spec.task, detail={"sandbox": spec.sandbox_id, **detail}, once=True
        )

    events = [
        event(
            AuditAction.SANDBOX_STARTED,
            attempt=spec.attempt,
            image=spec.image,
            policy=policy,
            presets=network.granted_presets,
        )
    ]
    if names := tuple(sorted(credential.name for credential in network.credentials)):
        events.append(event(AuditAction.CREDENTIALS_GRANTED, names=names))
    if not network.enabled:
        events.append(event(AuditAction.NETWORK_OPENED, why="network.enabled is false"))
    return events
