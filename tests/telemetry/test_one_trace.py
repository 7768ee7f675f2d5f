"""One message is one connected trace, through all processes; and its numbers are where Prometheus reads them."""

import asyncio
import contextlib
import json
import re
import time
import urllib.request
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from temporalio import activity

from activities.measuring import Measured
from airut.adapters.telemetry.exporters import exporters
from airut.adapters.telemetry.otel import OpenTelemetry
from airut.adapters.telemetry.sandboxes import MeasuredSandboxes
from airut.demo.ports import free_port
from airut.models.hosts.sandbox import Mount, NetworkSpec, SandboxSpec, sandbox_id
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.models.telemetry.metrics import DISK_FREE, METRICS
from airut.models.telemetry.spans import Span, context_of, trace_of
from tests.contract.people import Mailing, hears
from tests.support.collector import Collected, Collector, grpc_collector, http_collector
from tests.support.fake_sandbox import FakeSandboxes
from tests.support.hosting import ScriptedHost
from tests.support.installation import Installation, Seen
from workers.telemetry_wiring import flushed

WANTED = {
    "airut_reply_latency_seconds_count",
    "airut_messages_total",
    "temporal_workflow_completed",
    'airut_channel_up{repo="web",channel="email",process="intake"} 1.0',
}

REQUESTS = [
    {"kind": "http", "time": "2026-01-01T00:00:01.000Z", "request_id": "R1", "decision": "allowed", "rule": "preset:npm",
     "method": "GET", "host": "registry.npmjs.org", "port": 443, "path": "/left-pad", "status": 200, "ms": 12,
     "credentials": ["NPM_TOKEN"], "scrubbed": 2},
    {"kind": "dns", "name": "evil.example"},
    {"kind": "http", "time": "2026-01-01T00:00:02.000Z", "request_id": "R2", "decision": "blocked",
     "reason": "not_allowed", "method": "POST", "host": "evil.example", "port": 443, "path": "/", "ms": 1},
]  # fmt: skip


class Fenced:
    """A scripted host whose agents run in (fake) sandboxes that are measured, and say what they were told of traces."""

    def __init__(self, host: ScriptedHost, folder: Path, telemetry: OpenTelemetry) -> None:
        self._scripted = host.run_agent
        self._folder = folder
        self._sandboxes = MeasuredSandboxes(FakeSandboxes(), telemetry, host.id)
        host.run_agent = self.run_agent

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        identity = sandbox_id(order.task.id, order.attempt)
        folder = self._folder / identity
        (folder / "log").mkdir(parents=True)
        ref = await self._sandboxes.start(
            SandboxSpec(
                sandbox_id=identity, thread=order.task.thread, task=order.task.id, attempt=order.attempt,
                repo=order.task.repo, image=order.image, command=("sh", "-c", "echo $TRACEPARENT > told"), stdin="",
                environment={}, mounts=(Mount(source=folder, target="/workspace"),), folder=folder,
                network=NetworkSpec(allowlist=None, repository="acme/web"),
            )
        )  # fmt: skip
        (folder / "log" / "network.jsonl").write_text("".join(json.dumps(line) + "\n" for line in REQUESTS))
        async for _ in self._sandboxes.follow(ref, 0):
            pass
        return await self._scripted(order)


def by_name(spans: list[Collected]) -> dict[str, Collected]:
    return {each.span.name: each for each in spans}


async def until(collector: Collector, names: set[str]) -> None:
    async with asyncio.timeout(60):
        while not names <= {each.span.name for each in collector.spans}:
            await asyncio.sleep(0.1)


async def test_one_message_is_one_trace(tmp_path: Path) -> None:
    port = free_port()
    with http_collector() as collector:
        telemetry = OpenTelemetry("host", "h1", exporters(collector.endpoint)[0], [])
        more = f"telemetry: {{otlp_endpoint: '{collector.endpoint}', prometheus: 127.0.0.1:{port}}}\n"

        def wrapped(host: ScriptedHost) -> Seen:
            Fenced(host, tmp_path / "sandboxes", telemetry)
            return [Measured(telemetry, host.id)]

        async with Installation.running(tmp_path, more=more, wrap=wrapped) as there:
            person = Mailing(there)
            await person.writes("Add a file.")
            await hears(person, "done")
            steps = {"intake.receive", "signal", "workflow", "run_agent", "sandbox.start", "agent.run", "reply"}
            await until(
                collector,
                steps | {"prepare_workspace", "build_image", "clean_up", "POST evil.example", "GET registry.npmjs.org"},
            )
            (order,) = there.runs(person.thread)
            trace = trace_of(order.task.messages[0].key)
            _is_one_trace(collector, trace)
            told = tmp_path / "sandboxes" / sandbox_id(order.task.id, 1) / "told"
            assert told.read_text().strip() == f"00-{trace}-{by_name(collector.spans)['agent.run'].id}-01"
            text = await _scraped(port, WANTED)
            _is_measured(text)
        await asyncio.to_thread(telemetry.flush, 2)


def _is_one_trace(collector: Collector, trace: str) -> None:
    spans = by_name(collector.spans)
    assert {each.trace for each in collector.spans} == {trace}
    parents = {name: span.parent for name, span in spans.items()}
    assert parents["intake.receive"] == ""
    assert parents["signal"] == spans["intake.receive"].id
    assert parents["workflow"] == spans["signal"].id
    for step in ("prepare_workspace", "build_image", "run_agent", "reply", "clean_up"):
        assert parents[step] == spans["workflow"].id, step
    assert parents["sandbox.start"] == parents["agent.run"] == spans["run_agent"].id
    assert parents["GET registry.npmjs.org"] == parents["POST evil.example"] == spans["agent.run"].id
    refused = spans["POST evil.example"]
    assert (refused.attributes["airut.decision"], refused.span.status.message) == ("blocked", "not_allowed")
    assert spans["GET registry.npmjs.org"].attributes["airut.rule"] == "preset:npm"
    assert spans["workflow"].attributes["airut.outcome"] == "success"
    assert {name.partition("@")[0] for name in (each.process for each in collector.spans)} == {
        "intake", "control", "host",
    }  # fmt: skip


async def _scraped(port: int, wanted: set[str]) -> str:
    def read() -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            return str(answer.read().decode())

    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):  # too slow for the limits of an answer
                text = await asyncio.to_thread(read)
                if all(name in text for name in wanted):
                    return text
            await asyncio.sleep(0.2)


def _is_measured(text: str) -> None:
    """Both processes answer at one address; every name is in the table, with the labels that it has there."""
    assert 'airut_messages_total{repo="web",channel="email",result="accepted",process="intake"} 1' in text
    assert re.search(r'airut_task_duration_seconds_count\{repo="web",outcome="success",process="control"\} 1', text)
    assert re.search(r'airut_reply_latency_seconds_bucket\{channel="email",process="control",le="\+Inf"\} 1', text)
    allowed = {metric.prometheus: set(metric.labels) | {"process", "le"} for metric in METRICS}
    for line in text.splitlines():
        if line.startswith("airut_"):
            name, _, labels = line.partition("{")
            known = next(allowed[key] for key in (name, re.sub(r"_(bucket|sum|count)$", "", name)) if key in allowed)
            assert set(re.findall(r'(\w+)="', labels)) <= known, line
    assert "Add a file" not in text
    assert "ann@mail.test" not in text


@pytest.mark.parametrize("collecting", [http_collector, grpc_collector])
async def test_both_protocols(collecting: Callable[[], AbstractContextManager[Collector]]) -> None:
    with collecting() as collector:
        spans, metrics = exporters(collector.endpoint)
        telemetry = OpenTelemetry("control", "h1", spans, [PeriodicExportingMetricReader(metrics)])
        at = datetime(2026, 1, 1, tzinfo=UTC)
        telemetry.record(DISK_FREE, 7, host="h1")
        telemetry.span(Span(name="workflow", context=context_of("workflow", "t", "k"), started=at, ended=at))
        await asyncio.to_thread(telemetry.flush, 60)
        assert [(each.span.name, each.trace) for each in collector.spans] == [("workflow", trace_of("k"))]
        assert collector.metrics == {"airut.disk.free"}


async def test_a_collector_that_is_away_costs_an_end_few_seconds() -> None:
    spans, metrics = exporters(f"http://127.0.0.1:{free_port()}")
    telemetry = OpenTelemetry("control", "h1", spans, [PeriodicExportingMetricReader(metrics)])
    at = datetime(2026, 1, 1, tzinfo=UTC)
    telemetry.span(Span(name="workflow", context=context_of("workflow", "t", "k"), started=at, ended=at))
    began = time.monotonic()
    await flushed(telemetry.flush)
    assert time.monotonic() - began < 30  # an exporter left alone goes on for minutes
