"""Sandboxes that are measured: their start, their agent's time, what it asked the network for, what they hold."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from airut.adapters.telemetry.cgroup import GroupOf, Sampler
from airut.models.credentials.aws import SandboxAwsCredential
from airut.models.credentials.github_app import SandboxGithubApp
from airut.models.credentials.kinds import AnySandboxCredential, SandboxCredential
from airut.models.hosts.folders import ACCESS_LOG_FILES
from airut.models.hosts.sandbox import OutputChunk, SandboxRef, SandboxSignal, SandboxSpec
from airut.models.telemetry import metrics
from airut.models.telemetry.request_spans import measurements, spans
from airut.models.telemetry.spans import AGENT, SANDBOX, Span, SpanContext, agent_of, span_id
from airut.ports.sandbox import Sandboxes
from airut.ports.telemetry import ACTIVE, Telemetry

log = logging.getLogger(__name__)
prompts = logging.getLogger("airut.prompts")


class MeasuredSandboxes:
    """Implements `airut.ports.sandbox.Sandboxes` with another one."""

    def __init__(
        self,
        sandboxes: Sandboxes,
        telemetry: Telemetry,
        host: str,
        *,
        group_of: GroupOf | None = None,
        log_prompts: bool = False,
    ) -> None:
        """Without `group_of` nobody is told what sandboxes hold."""
        self._sandboxes = sandboxes
        self._telemetry = telemetry
        self._host = host
        self._group_of = group_of
        self._log_prompts = log_prompts
        self._kinds: dict[str, dict[str, str]] = {}
        """Of the credentials of each sandbox."""

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        place = self._place()
        if self._telemetry.enabled and place is not None:
            agent = agent_of(spec.sandbox_id, place.trace_id)
            spec = spec.model_copy(update={"environment": {**spec.environment, "TRACEPARENT": agent.traceparent}})
        if self._log_prompts:
            prompts.info("prompt of %s, sandbox %d: %s", spec.task, spec.attempt, spec.stdin)
        self._kinds[spec.sandbox_id] = {each.name: kind_of(each) for each in spec.network.credentials}
        began, clock = datetime.now(UTC), time.monotonic()
        try:
            ref = await self._sandboxes.start(spec)
        except BaseException as failure:
            self._started(spec, place, began, "no", type(failure).__name__)
            raise
        if not ref.adopted:
            warm = "yes" if ref.warm else "no"
            self._telemetry.record(metrics.SANDBOX_START, time.monotonic() - clock, host=self._host, warm=warm)
            self._started(spec, place, began, warm)
        return ref

    def _started(
        self, spec: SandboxSpec, place: SpanContext | None, began: datetime, warm: str, error: str = ""
    ) -> None:
        if place is None:
            return
        self._telemetry.span(
            Span(
                name=SANDBOX,
                context=SpanContext(trace_id=place.trace_id, span_id=span_id(SANDBOX, spec.sandbox_id)),
                parent=place,
                started=began,
                ended=datetime.now(UTC),
                attributes={"airut.sandbox": spec.sandbox_id, "airut.warm": warm, "airut.repo": spec.repo},
                error=error,
            )
        )

    async def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        began, place = datetime.now(UTC), self._place()
        sampler = Sampler(ref.container, self._group_of, self._telemetry, self._host)
        try:
            async for chunk in self._sandboxes.follow(ref, offset):
                await sampler.look()
                if chunk.exit is not None:
                    await self._ended(ref, began, place, chunk.exit.code)
                yield chunk
        finally:
            sampler.close()

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        await self._sandboxes.signal(ref, signal)

    async def remove(self, sandbox_id: str) -> None:
        self._kinds.pop(sandbox_id, None)
        await self._sandboxes.remove(sandbox_id)

    async def _ended(self, ref: SandboxRef, began: datetime, place: SpanContext | None, code: int) -> None:
        """Never keeps a run from being brought home."""
        try:
            text = await asyncio.to_thread(_access_log, ref.folder / "log")
            kinds = self._kinds.get(ref.sandbox_id, {})
            for each in measurements(text, kinds):
                self._telemetry.record(each.metric, each.value, **each.labels)
            if place is None or not self._telemetry.enabled:
                return
            agent = agent_of(ref.sandbox_id, place.trace_id)
            for span in spans(text, agent):
                self._telemetry.span(span)
            self._telemetry.span(
                Span(
                    name=AGENT,
                    context=agent,
                    parent=place,
                    started=began,
                    ended=datetime.now(UTC),
                    attributes={
                        "airut.sandbox": ref.sandbox_id,
                        "airut.adopted": ref.adopted,
                        "process.exit.code": code,
                    },
                )
            )
        except Exception:  # what is measured must not cost what is done
            log.exception("the access log of sandbox %s was not measured", ref.sandbox_id)

    def _place(self) -> SpanContext | None:
        active = ACTIVE.get()
        return active.span if active is not None else None


def kind_of(credential: AnySandboxCredential) -> str:
    """As `airut.yaml` calls it."""
    match credential:
        case SandboxAwsCredential():
            return "aws"
        case SandboxGithubApp():
            return "github_app"
        case SandboxCredential():
            return "token"


def _access_log(folder: Path) -> bytes:
    found = (folder / name for name in ACCESS_LOG_FILES)
    return b"".join(file.read_bytes() for file in found if file.is_file() and not file.is_symlink())
