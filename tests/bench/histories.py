"""`python -m tests.bench.histories`: what a task leaves in Temporal, in events and bytes, by the size of its message.

The real workflows on a real server; activities that do nothing, since what they do leaves no more in a history than
their results, which are references. Every message is a task of one thread. "Before" is the same without compression
and claim check; figures are exact, not timings.
"""

import asyncio
import base64
import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from airut.config.codec_settings import CodecSettings
from airut.models.credentials.secret import Secret
from airut.temporal.delivery import deliver
from tests.support.messages import mail
from tests.support.scripted_workers import scripted_workers, task_closed
from tests.support.temporal_server import EmbeddedServer

MESSAGES = 10
KIB = 1024
SIZES = {"one line": 80, "8 KiB, all inline": 8 * KIB, "20 × 8 KiB, one batch": 20 * 8 * KIB}
"""The last is what a queue may become: one prompt from 20 messages, each short enough to stand inline."""


@dataclass(frozen=True)
class Sample:
    """Of one task: its own history, and its share of the thread's."""

    task_events: int
    task_bytes: int
    thread_events: float
    thread_bytes: float
    stored: float
    """Bytes in the payload store."""


async def measure(client: Client, payloads: Path, size: int) -> Sample:
    thread = f"web/mail/{uuid.uuid4().hex}"
    before = _stored(payloads)
    async with scripted_workers(client):
        for number in range(1, MESSAGES + 1):
            await deliver(client, mail(f"{number} {_words(size)}", thread))
            await task_closed(client, thread, number)
    tasks = [await _history(client, f"{thread}/task-{number}") for number in range(1, MESSAGES + 1)]
    own = await _history(client, thread)
    return Sample(
        task_events=max(events for events, _ in tasks),
        task_bytes=max(size for _, size in tasks),
        thread_events=own[0] / MESSAGES,
        thread_bytes=own[1] / MESSAGES,
        stored=(_stored(payloads) - before) / MESSAGES,
    )


async def _history(client: Client, workflow_id: str) -> tuple[int, int]:
    events = [event async for event in client.get_workflow_handle(workflow_id).fetch_history_events()]
    return len(events), sum(event.ByteSize() for event in events)


def _stored(payloads: Path) -> int:
    return sum(file.stat().st_size for file in payloads.rglob("*") if file.is_file())


def _words(size: int) -> str:
    """Text about as compressible as prose: four letters of hexadecimal noise to a word."""
    return " ".join(os.urandom(2).hex() for _ in range(size // 5))


def table(samples: Sequence[tuple[str, str, Sample]]) -> Table:
    shown = Table("message", "converter", title=f"per task, {MESSAGES} tasks in one thread")
    for name in ("task: events", "task: KiB", "thread: events", "thread: KiB", "payload store: KiB"):
        shown.add_column(name, justify="right")
    for message, converter, sample in samples:
        figures = (sample.task_bytes / KIB, sample.thread_events, sample.thread_bytes / KIB, sample.stored / KIB)
        shown.add_row(message, converter, str(sample.task_events), *(f"{figure:.1f}" for figure in figures))
    return shown


async def main() -> None:
    key = Secret(base64.b64encode(os.urandom(32)).decode())
    kinds = {"plain": CodecSettings(), "encrypted": CodecSettings(enabled=True, keys={"k": key}, active="k")}
    samples = []
    with tempfile.TemporaryDirectory(prefix="airut-bench-", ignore_cleanup_errors=True) as folder:
        for kind, codec in kinds.items():
            async with EmbeddedServer(Path(folder) / kind, codec) as server:
                client = await server.client()
                if kind == "plain":
                    config = client.config()
                    config["data_converter"] = pydantic_data_converter
                    for message, size in SIZES.items():
                        samples.append((message, "before", await measure(Client(**config), server.payloads, size)))
                for message, size in SIZES.items():
                    samples.append((message, kind, await measure(client, server.payloads, size)))
    Console(width=140).print(table(sorted(samples, key=lambda sample: list(SIZES).index(sample[0]))))


if __name__ == "__main__":
    asyncio.run(main())
    os._exit(0)
