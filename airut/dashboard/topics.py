"""What pages watch: each topic's source tells what it looks like now. A line for one more."""

import hashlib
from collections.abc import Mapping

from airut.dashboard.live import Source
from airut.dashboard.ports import Ports
from airut.ports.thread_control import ThreadAway, ThreadGone
from airut.ports.thread_directory import ThreadFilter

SEEN = 50
"""Threads of the newest page: what changes further down is seen when somebody goes there."""


def sources(ports: Ports) -> Mapping[str, Source]:
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

    return {"threads": threads, "thread": thread}


def digest(*parts: str) -> str:
    """One word for these texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
