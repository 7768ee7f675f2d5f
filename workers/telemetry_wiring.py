"""Traces and metrics of one process: nothing is imported, listened on or sent where `telemetry` asks for nothing."""

import asyncio
import logging
import os
import platform
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from airut.config.generation_reports import reports
from airut.config.installation import installation_id
from airut.config.schema import Config
from airut.models.telemetry.metrics import CONFIG_ERRORS, CONFIG_GENERATION, DISK_FREE
from airut.ports.telemetry import Silence, Telemetry

EVERY = 5.0
"""Seconds between two looks at what only shows when it is looked at. The SDK's buffer holds minutes of updates."""

FLUSH = 3.0
"""Seconds for what is left to send at the end: less than a part of `airut up` has for ending."""

log = logging.getLogger("airut")

Look = Callable[[Telemetry], Awaitable[None]]
"""Records what stands now; called every few seconds."""


@asynccontextmanager
async def telemetry(config: Config, process: str) -> AsyncIterator[Telemetry]:
    """To be entered before the process connects to Temporal, whose SDK then counts into the same metrics."""
    settings = config.telemetry
    if settings.otlp_endpoint is None and settings.prometheus is None:
        yield Silence()
        return
    async with AsyncExitStack() as stack:
        yield await _made(config, process, stack)


async def _made(config: Config, process: str, stack: AsyncExitStack) -> Telemetry:
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricReader, PeriodicExportingMetricReader
    from temporalio.runtime import Runtime, TelemetryConfig

    from airut.adapters.telemetry.exporters import exporters
    from airut.adapters.telemetry.otel import OpenTelemetry
    from airut.adapters.telemetry.prometheus import rendered
    from airut.adapters.telemetry.scraping import scraped
    from airut.adapters.telemetry.temporal_metrics import TemporalMetrics, metric_buffer

    settings, readers, spans = config.telemetry, list[MetricReader](), None
    read = InMemoryMetricReader() if settings.scraped_at is not None else None
    if read is not None:
        readers.append(read)
    if settings.otlp_endpoint is not None:
        spans, metrics = exporters(settings.otlp_endpoint)
        readers.append(PeriodicExportingMetricReader(metrics))
    made = OpenTelemetry(process, host_name(config), spans, readers)
    stack.push_async_callback(flushed, made.flush)
    buffer = metric_buffer()
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(metrics=buffer)), error_if_already_set=False)
    temporal = TemporalMetrics(made.provider, buffer)

    async def temporals(_: Telemetry) -> None:
        await asyncio.to_thread(temporal.take_over)

    stack.callback(asyncio.create_task(looking(made, [temporals])).cancel)
    if read is not None and settings.scraped_at is not None:
        folder = _sockets(config)

        def text() -> str:
            temporal.take_over()
            return rendered(read.get_metrics_data(), process)

        await stack.enter_async_context(scraped(settings.scraped_at, folder, text))
    return made


async def looking(into: Telemetry, looks: list[Look], every: float = EVERY) -> None:
    """Take each look every few seconds, until cancelled; one that fails is taken again."""
    while True:
        for look in looks:
            try:
                await look(into)
            except Exception as error:  # what is measured must not cost what is done
                log.debug("not measured: %s", error)
        await asyncio.sleep(every)


@asynccontextmanager
async def looked_at(into: Telemetry, looks: list[Look], every: float = EVERY) -> AsyncIterator[None]:
    """Meanwhile what only shows when it is looked at is recorded; without anybody to tell, nobody looks."""
    if isinstance(into, Silence):
        yield
        return
    task = asyncio.create_task(looking(into, looks, every))
    try:
        yield
    finally:
        task.cancel()


def disk_look(state: Path, host: str) -> Look:
    async def look(into: Telemetry) -> None:
        into.record(DISK_FREE, shutil.disk_usage(state).free, host=host)

    return look


def generation_look(config: Config) -> Look:
    """Of this process."""
    mine = f":{os.getpid()}"

    async def look(into: Telemetry) -> None:
        for report in await asyncio.to_thread(reports, config.state):
            if report.name.endswith(mine):
                host, generation = host_name(config), report.generation
                into.record(CONFIG_GENERATION, generation.number, host=host)
                into.record(CONFIG_ERRORS, float(generation.error is not None), host=host)

    return look


def host_name(config: Config) -> str:
    """As sandbox hosts call themselves."""
    return config.sandbox.host_id or platform.node() or "host"


def _sockets(config: Config) -> Path:
    """Where a host's processes of this installation find each other. Short: a socket's path has 107 bytes at most."""
    # Not at the top: it brings Podman's client with it, which only sandbox hosts need.
    from airut.adapters.podman.settings import RUNTIME

    return RUNTIME / installation_id(config.state) / "metrics"


async def flushed(flush: Callable[[float], None]) -> None:
    """Send what is left, if that can be done in a few seconds."""
    try:
        async with asyncio.timeout(FLUSH + 1):
            await asyncio.to_thread(flush, FLUSH)
    except TimeoutError:
        log.warning("the collector does not take what is left to tell")
