"""All processes of a host are read at one address, whichever of them lives."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from prometheus_client.parser import text_string_to_metric_families

from airut.adapters.telemetry.otel import OpenTelemetry
from airut.adapters.telemetry.prometheus import merged, rendered
from airut.adapters.telemetry.scraping import scraped
from airut.demo.ports import free_port
from airut.models.telemetry.metrics import DISK_FREE, MESSAGES, SANDBOX_START, TASKS_RUNNING


async def read(port: int, target: str = "/metrics") -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    return answer


def own(name: str) -> Callable[[], str]:
    return lambda: f'# TYPE up gauge\nup{{process="{name}"}} 1\n'


async def until(port: int, wanted: set[str]) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                found = {line for line in (await read(port)).splitlines() if line.startswith("up{")}
            except OSError:
                found = set()
            if found == wanted:
                return
            await asyncio.sleep(0.02)


async def test_one_answers_for_all_and_another_takes_its_place(tmp_path: Path) -> None:
    address = ("127.0.0.1", free_port())
    first = scraped(address, tmp_path, own("a"), again=0.05)
    await first.__aenter__()
    await until(address[1], {'up{process="a"} 1'})
    async with scraped(address, tmp_path, own("b"), again=0.05):
        await until(address[1], {'up{process="a"} 1', 'up{process="b"} 1'})
        assert "404 Not Found" in await read(address[1], "/")
        await first.__aexit__(None, None, None)
        (tmp_path / "1-dead.sock").touch()  # of a process that was killed
        await until(address[1], {'up{process="b"} 1'})


def test_what_is_read_is_prometheus_text() -> None:
    reader = InMemoryMetricReader()
    telemetry = OpenTelemetry("host", "h1", None, [reader])
    telemetry.record(MESSAGES, 2, repo='we"b\n', channel="email", result="accepted")
    telemetry.record(TASKS_RUNNING, 1, repo="web", host="h1")
    telemetry.record(TASKS_RUNNING, -1, repo="web", host="h1")
    telemetry.record(DISK_FREE, 5e9, host="h1")
    telemetry.record(SANDBOX_START, 0.7, host="h1", warm="yes")
    text = rendered(reader.get_metrics_data(), "host")
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(merged([text, text.replace('process="host"', 'process="b"')]))
        for sample in family.samples
    }
    one = ("process", "host")
    assert found["airut_messages_total", ("channel", "email"), one, ("repo", 'we"b\n'), ("result", "accepted")] == 2
    assert found["airut_tasks_running", ("host", "h1"), one, ("repo", "web")] == 0
    assert found["airut_disk_free_bytes", ("host", "h1"), ("process", "b")] == 5e9
    assert found["airut_sandbox_start_seconds_bucket", ("host", "h1"), ("le", "1"), one, ("warm", "yes")] == 1
    assert found["airut_sandbox_start_seconds_bucket", ("host", "h1"), ("le", "0.5"), one, ("warm", "yes")] == 0
    assert found["airut_sandbox_start_seconds_sum", ("host", "h1"), one, ("warm", "yes")] == 0.7


def test_labels_are_those_of_the_table(caplog: pytest.LogCaptureFixture) -> None:
    reader = InMemoryMetricReader()
    telemetry = OpenTelemetry("host", "h1", None, [reader])
    telemetry.record(DISK_FREE, 1, host="h1", author="ann")
    assert "airut.disk.free has the labels ('host',), not ['author', 'host']" in caplog.text
    assert "ann" not in rendered(reader.get_metrics_data(), "host")
