"""`python -m tests.bench.dashboard`: each page of the dashboard with ten thousand threads and a hundred live tasks, an
event's way to a browser, and what each process holds in memory at rest and per running task.

Airut's own processes on a real Temporal; the sandbox host is scripted, and its agents wait for the whole run. What a
sandbox holds is measured by `tests.bench.fence`.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from airut import contracts
from airut.dashboard.registry import PAGES
from airut.models.threads.message import ChannelKind
from airut.models.threads.thread import ThreadInput, ThreadPhase
from airut.temporal.delivery import deliver
from tests.support.asking import until
from tests.support.installation import LIMIT, Installation
from tests.support.messages import mail

AT_ONCE = 20
NOBODY = "no-worker-polls-this"
"""The queue of the many threads: they are listed as all are, and do nothing."""
AIM = 300.0
"""Milliseconds (operations §10)."""
QUIET = 2.0
"""Seconds until a new stream has told how its topics look."""
ONLY_ONCE = ("/events", "/login", "/logout", "/link")
"""What is no page that somebody looks at again and again."""


async def configured(there: Installation) -> None:
    """With a dashboard that asks for no login, and room for a hundred tasks of one person."""
    await there.kill("control")
    open_to_all = there.config_file.read_text().replace("auth: token", "auth: auto")
    room = "budgets: {per_author_day: null, per_day: null}\nexecution: {threads_per_author: null}\n"
    there.config_file.write_text(open_to_all + room)
    for name in ("control", "dashboard"):
        await there.start(name)


async def listed(client: Client, count: int) -> None:
    """So many open threads of three repositories, with what a list shows of them."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        repo = ("web", "docs", "api")[number % 3]
        thread = f"{repo}/mail/{uuid.uuid4().hex}"
        async with places:
            await client.start_workflow(
                contracts.THREAD_WORKFLOW,
                ThreadInput(thread=thread, repo=repo, channel=ChannelKind.EMAIL),
                id=thread,
                task_queue=NOBODY,
                memo={contracts.SUBJECT: f"Add audit logging to service {number}"},
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(contracts.REPO, repo),
                        SearchAttributePair(contracts.CHANNEL, "email"),
                        SearchAttributePair(contracts.AUTHOR, f"person{number % 50}@example.com"),
                        SearchAttributePair(contracts.STATE, str(ThreadPhase.IDLE)),
                        SearchAttributePair(contracts.OUTCOME, "success"),
                        SearchAttributePair(contracts.COST, 0.25),
                    ]
                ),
            )

    await asyncio.gather(*map(one, range(count)))


async def running(there: Installation, client: Client, count: int) -> list[str]:
    """So many threads whose agents run until the end."""
    there.host.gate.clear()
    threads = [f"web/mail/{uuid.uuid4().hex}" for _ in range(count)]
    for thread in threads:
        await deliver(client, mail("Add a file.", thread))
    async with asyncio.timeout(LIMIT * 3):
        while len(there.host.agent_inputs) < count:
            await asyncio.sleep(0.1)
    return threads


def mib(pid: int) -> float:
    """Of memory that is this process's alone, and its share of what it shares."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


def addresses(thread: str) -> list[str]:
    """Of every page that can be looked at, about this thread and its first task."""
    values = {"r": "web", "id": thread, "n": "1"}
    found = []
    for page in PAGES:
        if page.method != "GET" or page.role is None or page.path.startswith(ONLY_ONCE):
            continue
        path = page.path
        for name, value in values.items():
            path = (
                path.replace(f"{{{name}:path}}", value).replace(f"{{{name}:int}}", value).replace(f"{{{name}}}", value)
            )
        if "{" not in path:
            found.append(path)
    return found


async def milliseconds(browser: httpx.AsyncClient, path: str, times: int) -> tuple[list[float], int, int]:
    """Of the whole answer, each time; its status and size."""
    taken = list[float]()
    for _ in range(times):
        begun = time.perf_counter()
        answer = await browser.get(path)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken, answer.status_code, len(answer.content)


async def listening(answer: httpx.Response, told: asyncio.Queue[float]) -> None:
    """When each event came."""
    async for line in answer.aiter_lines():
        if line.startswith("data:"):
            told.put_nowait(time.perf_counter())


async def events(browser: httpx.AsyncClient, client: Client, threads: Sequence[str]) -> list[float]:
    """Seconds from a message that Temporal has accepted until its thread's page is told: one thread after another."""
    taken = list[float]()
    for number, thread in enumerate(threads):
        async with browser.stream("GET", f"/events?topics=thread:{thread}") as answer:
            told = asyncio.Queue[float]()
            reading = asyncio.create_task(listening(answer, told))
            await asyncio.sleep(
                QUIET + number / len(threads)
            )  # how it looks at first; then any moment between two looks
            while not told.empty():
                told.get_nowait()
            await deliver(client, mail("One more thing.", thread))
            begun = time.perf_counter()
            async with asyncio.timeout(LIMIT):
                taken.append(await told.get() - begun)
            reading.cancel()
    return taken


def p(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def memory(there: Installation) -> Mapping[str, float]:
    return {name: mib(there.pid(name)) for name in ("intake", "control", "dashboard")}


async def main(count: int, live: int, times: int) -> None:
    with tempfile.TemporaryDirectory(prefix="airut-bench-", ignore_cleanup_errors=True) as folder:
        async with Installation.running(Path(folder), slots=live) as there:
            await configured(there)
            client = await there.client()
            async with httpx.AsyncClient(base_url=there.config.dashboard.address, timeout=LIMIT) as browser:
                async with asyncio.timeout(LIMIT):
                    while not await answers(browser):
                        await asyncio.sleep(0.1)
                await asyncio.sleep(5)
                rest = memory(there)
                threads = await running(there, client, live)
                busy = memory(there)
                await listed(client, count - live)
                await until(client, threads[0], lambda status: status.phase is ThreadPhase.RUNNING)
                shown = Table("page", "status", "KiB", "p50 ms", "p95 ms", f"≤ {AIM:.0f}")
                shown.title = f"the dashboard, {count} threads, {live} live tasks, {times} times each"
                for path in addresses(threads[0]):
                    taken, status, size = await milliseconds(browser, path, times)
                    told = path.replace(threads[0], "…")
                    figures = f"{p(taken, 50):.0f}", f"{p(taken, 95):.0f}"
                    shown.add_row(
                        told, str(status), f"{size / 1024:.0f}", *figures, "yes" if p(taken, 95) <= AIM else "no"
                    )
                ways = await events(browser, client, threads[:20])
                after = memory(there)
        shown.add_section()
        shown.add_row("an event's way", "", "", f"{p(ways, 50) * 1000:.0f}", f"{p(ways, 95) * 1000:.0f}", "")
        held = Table("process", "at rest, MiB", f"{live} tasks, MiB", "per task, KiB", "after the pages, MiB")
        for name in rest:
            each = (busy[name] - rest[name]) / live * 1024
            held.add_row(name, f"{rest[name]:.0f}", f"{busy[name]:.0f}", f"{each:.0f}", f"{after[name]:.0f}")
        for table in (shown, held):
            Console(width=120).print(table)


async def answers(browser: httpx.AsyncClient) -> bool:
    try:
        return (await browser.get("/")).status_code == 200
    except httpx.TransportError:
        return False


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.dashboard")
    parser.add_argument("--threads", type=int, default=10_000)
    parser.add_argument("--live", type=int, default=100)
    parser.add_argument("--times", type=int, default=40)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    asyncio.run(main(given.threads, given.live, given.times))
    os._exit(0)
