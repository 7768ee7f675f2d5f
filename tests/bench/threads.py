"""`python -m tests.bench.threads`: what idle threads cost in memory, signals and tasks per second, and whether a message
costs more with a long history behind it.

The real workflows on a real server, in a worker process of their own whose memory the kernel tells; activities that do
nothing are the sandbox. Seconds depend on the machine: compare the figures of one run.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.schema import TemporalSettings
from airut.models.threads.command import CommandName
from airut.models.threads.message import InboundMessage
from airut.models.threads.thread import ThreadPhase
from airut.temporal.connection import connect
from airut.temporal.delivery import command, deliver
from tests.support.asking import command as ordered
from tests.support.asking import until
from tests.support.messages import mail
from tests.support.scripted_workers import scripted_workers
from tests.support.temporal_server import EmbeddedServer

AT_ONCE = 20
"""Calls under way together: enough to keep two cores busy, few enough that none meets its own time limit."""
HOT = 200
"""Messages to the paused thread: as many as its queue takes."""
WINDOW = 10
"""Messages whose median stands for one length of history."""
PATIENCE = 60.0
"""Seconds for one task of milliseconds, on a machine that has more to do."""
BURST = 2.1
"""Seconds after which a message no longer joins the thread's first task."""


class WorkerProcess:
    """Serves all queues in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def mib(self) -> float:
        """Resident memory now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024


@asynccontextmanager
async def worker_process(server: EmbeddedServer, cached: int) -> AsyncIterator[WorkerProcess]:
    arguments = ("--serve", str(server.settings.port), str(server.payloads), str(cached))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.threads", *arguments, stdout=pipe)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            if await process.stdout.readline() != b"ready\n":
                raise RuntimeError("The worker process did not start; what it said is above.")
        yield WorkerProcess(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def serve(port: int, payloads: Path, cached: int) -> None:
    client = await connect(TemporalSettings(port=port), LocalBlobStore(payloads))
    async with scripted_workers(client, cached):
        print("ready", flush=True)
        await asyncio.Event().wait()


async def closed(client: Client, thread: str, number: int) -> None:
    """Wait for a task that the thread may not have begun yet."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await client.get_workflow_handle(f"{thread}/task-{number}").result()
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(0.005)
            else:
                return


async def idle_threads(client: Client, count: int, limit: float) -> tuple[list[str], float]:
    """Threads that have done one task each, and tasks per second. Fewer than `count` where the time limit is met."""
    threads, begun = list[str](), time.perf_counter()
    places = asyncio.Semaphore(AT_ONCE)

    async def one(thread: str) -> None:
        async with places:
            if time.perf_counter() - begun < limit:
                await deliver(client, mail("Add a file.", thread))
                await closed(client, thread, 1)
                threads.append(thread)

    await asyncio.gather(*(one(_thread()) for _ in range(count)))
    return threads, len(threads) / (time.perf_counter() - begun)


async def memory(server: EmbeddedServer, client: Client, threads: Sequence[str], cached: int) -> tuple[float, float]:
    """MiB of a fresh worker, and after every thread has been asked for its state, which brings it into the cache."""
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(thread: str) -> None:
        async with places:
            await until(client, thread, lambda status: status.phase is ThreadPhase.IDLE)

    async with worker_process(server, cached) as worker:
        await ask(threads[0])  # what the first workflow brings in with it is no thread's cost
        before = worker.mib()
        await asyncio.gather(*map(ask, threads))
        return before, worker.mib()


async def signals(client: Client, messages: Sequence[InboundMessage]) -> float:
    """Accepted per second."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(message: InboundMessage) -> None:
        async with places:
            await deliver(client, message)

    begun = time.perf_counter()
    await asyncio.gather(*map(one, messages))
    return len(messages) / (time.perf_counter() - begun)


async def hot_signals(client: Client) -> float:
    """To one thread that has been paused, so that it takes messages and does nothing else."""
    thread = _thread()
    await deliver(client, mail("Add a file.", thread))
    await closed(client, thread, 1)
    await command(client, ordered(thread, CommandName.PAUSE))
    await until(client, thread, lambda status: status.phase is ThreadPhase.PAUSED)
    rate = await signals(client, [mail(f"{number}", thread) for number in range(HOT)])
    held = len((await until(client, thread, lambda status: len(status.queue) >= HOT)).queue)
    assert held == HOT, f"{held} of {HOT} messages are in the queue"
    return rate


async def seconds_per_message(client: Client, most: int, limit: float) -> tuple[list[float], int]:
    """One message after the other to one thread, each until its task has closed; and how often the thread has
    continued as new. Ends early at the time limit."""
    thread, taken, begun = _thread(), list[float](), time.perf_counter()
    while len(taken) < most and (len(taken) <= WINDOW or time.perf_counter() - begun < limit):
        sent = time.perf_counter()
        await deliver(client, mail(f"{len(taken)}", thread))
        await closed(client, thread, len(taken) + 1)
        taken.append(time.perf_counter() - sent)
        if len(taken) == 1:
            await asyncio.sleep(BURST)
    await until(client, thread, lambda status: status.tasks == len(taken) and status.phase is ThreadPhase.IDLE)
    runs = [run async for run in client.list_workflows(f"WorkflowId = '{thread}'")]
    return taken, sum(run.status is WorkflowExecutionStatus.CONTINUED_AS_NEW for run in runs)


def _thread() -> str:
    return f"web/mail/{uuid.uuid4().hex}"


def lengths(taken: Sequence[float]) -> list[tuple[str, float]]:
    """Median milliseconds of the messages from each length on, or of the last where the run ended before it."""
    starts = [start for start in (1, 100, 1000) if start < len(taken)]
    if len(taken) - WINDOW > starts[-1]:
        starts.append(len(taken) - WINDOW)
    return [(f"{start} behind it", statistics.median(taken[start : start + WINDOW]) * 1000) for start in starts]


async def main(count: int, small: int, messages: int, limit: float) -> None:
    shown = Table("measured", title="threads, one run on one machine, activities that do nothing")
    shown.add_column("figure", justify="right")
    with tempfile.TemporaryDirectory(prefix="airut-bench-", ignore_cleanup_errors=True) as folder:
        async with EmbeddedServer(Path(folder)) as server:
            client = await server.client()
            async with worker_process(server, count):
                threads, rate = await idle_threads(client, count, limit)
                shown.add_row(f"tasks/s, {len(threads)} threads, {AT_ONCE} at once", f"{rate:.1f}")
                shown.add_row(f"signals/s, one paused thread, {HOT}", f"{await hot_signals(client):.0f}")
            for cached in (count, small):
                before, after = await memory(server, client, threads, cached)
                shown.add_row(f"worker's MiB, cache of {cached}, 1 thread asked", f"{before:.1f}")
                shown.add_row(f"worker's MiB, cache of {cached}, {len(threads)} idle threads asked", f"{after:.1f}")
            many = [mail("one", _thread()) for _ in range(count)]
            shown.add_row(f"signals/s, {count} new threads, no worker", f"{await signals(client, many):.0f}")
        async with EmbeddedServer(Path(folder) / "long") as server, worker_process(server, count):
            taken, continued = await seconds_per_message(await server.client(), messages + WINDOW, limit)
            first = lengths(taken)[0][1]
            for name, milliseconds in lengths(taken):
                shown.add_row(f"ms/message, {name}", f"{milliseconds:.0f} (× {milliseconds / first:.2f})")
            shown.add_row(f"continued as new in {len(taken)} messages", str(continued))
    Console(width=120).print(shown)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.threads")
    parser.add_argument("--threads", type=int, default=1000)
    parser.add_argument("--small-cache", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000, help="history of the long thread")
    parser.add_argument(
        "--limit", type=float, default=100, help="seconds at most for the idle threads, and for the long one"
    )
    parser.add_argument("--serve", nargs=3, metavar=("PORT", "PAYLOADS", "CACHED"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    if given.serve:
        asyncio.run(serve(int(given.serve[0]), Path(given.serve[1]), int(given.serve[2])))
    else:
        asyncio.run(main(given.threads, given.small_cache, given.messages, given.limit))
    os._exit(0)
