"""What pages watch: each topic's source tells what it looks like now. A line for one more."""

import asyncio
import hashlib
from collections.abc import Mapping

from airut.dashboard.live import Source
from airut.dashboard.ports import Ports
from airut.dashboard.waiting import queue, under_way
from airut.errors import CensusUnavailable
from airut.models.tasks.progress import RunProgress
from airut.ports.thread_control import ThreadAway, ThreadGone
from airut.ports.thread_directory import ThreadFilter

DIGITS_MOST = 9
"""Of a task's number."""

SEEN = 50
"""Threads of the newest page: what changes further down is seen when somebody goes there."""


def sources(ports: Ports) -> Mapping[str, Source]:
    """By the first word of a topic."""
    return {**_of_threads(ports), **_of_the_installation(ports)}


def _of_threads(ports: Ports) -> Mapping[str, Source]:
    async def threads(repo: str) -> str:
        """`threads` or `threads:<repo>`: lists and counts."""
        page = await ports.threads.threads(ThreadFilter(repo=repo), limit=SEEN)
        counts = await ports.threads.counts(repo)
        return digest(page.model_dump_json(), repr(sorted(counts.items())))

    async def thread(thread: str) -> str:
        """`thread:<id>`: what it tells of itself."""
        try:
            return digest((await ports.control.status(thread)).model_dump_json())
        except ThreadGone:
            return "gone"
        except ThreadAway:
            return "away"

    async def task(task: str) -> str:
        """`task:<thread's id>/task-<n>`: its state, what its agent tells, and how much that has written here."""
        thread, _, number = task.rpartition("/task-")
        if not number.isdecimal() or len(number) > DIGITS_MOST:
            return "none"
        row = await ports.tasks.row(thread, int(number))
        if row is None or row.ended_at is not None:
            return digest(row.model_dump_json() if row else "")
        status, run = await asyncio.gather(ports.tasks.status(thread, row.number), _run(ports, task))
        written = await asyncio.to_thread(_written, ports, thread, row.number)
        return digest(*(each.model_dump_json() if each else "" for each in (row, status, run)), written)

    async def waiting(repo: str) -> str:
        """`queue` or `queue:<repo>`."""
        return digest((await queue(ports.answers, await under_way(ports.threads, repo))).model_dump_json())

    return {"threads": threads, "thread": thread, "task": task, "queue": waiting}


def _of_the_installation(ports: Ports) -> Mapping[str, Source]:
    async def hosts(_: str) -> str:
        """`hosts`: which there are, whether they serve, and what is pinned to them. How long ago each polled is none of
        it, or it would change all the time."""
        return digest(*(repr((row.host, row.state, row.pinned, row.running)) for row in await ports.hosts.hosts()))

    async def health(_: str) -> str:
        """`health`: what processes tell of channels, hosts and images."""
        now = ports.clock()
        told = [
            (each.process, each.is_silent(now), each.channels, each.host.images if each.host else None)
            for each in ports.health.reports()
        ]
        return digest(*map(repr, told))

    async def configuration(_: str) -> str:
        """`configuration`: which one each process runs by."""
        return digest(*(report.model_dump_json() for report in await asyncio.to_thread(ports.generations)))

    return {"hosts": hosts, "health": health, "configuration": configuration}


async def _run(ports: Ports, task: str) -> RunProgress | None:
    try:
        return await ports.progress.of(task)
    except CensusUnavailable:
        return None


def _written(ports: Ports, thread: str, number: int) -> str:
    try:
        output = ports.output(thread, number)
    except ValueError:
        return ""
    return " ".join(f"{sandbox}:{output.size(sandbox)}" for sandbox in output.sandboxes)


def digest(*parts: str) -> str:
    """One word for these texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
