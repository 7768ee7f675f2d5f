"""A sandbox host on which nothing runs: every prompt is kept, and answered at once. All else of the host is real.

`python -m tests.chaos.idle_sandbox up` is `airut up` with this host, `… host` the host alone; both take `--config`.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

from airut.adapters.claude_code.agent import ClaudeCode
from airut.config.schema import Config
from airut.models.hosts.sandbox import ExitStatus, OutputChunk, SandboxRef, SandboxSignal, SandboxSpec
from airut.ports.agent import Agent
from airut.ports.sandbox import Images, Sandboxes
from airut.temporal.leases import Leases
from workers.host_wiring import SandboxHost
from workers.processes import connected, run
from workers.sandbox_host import serve_host
from workers.supervisor import parts, supervise
from workers.wiring import payload_store

PROMPT = "prompt"
"""The file, in a sandbox's own folder, that holds what the agent was asked."""
TAKES = 0.2
"""Seconds that a run lasts, so that kills fall into it too."""
RESULT = {
    "type": "result", "subtype": "success", "is_error": False, "result": "Done.", "num_turns": 1,
    "session_id": "00000000-0000-4000-8000-000000000000",
}  # fmt: skip


class IdleSandboxes:
    """Implements `airut.ports.sandbox.Sandboxes`. What it has begun is on disk: a new process adopts it."""

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        kept = spec.folder / PROMPT
        adopted = kept.exists()
        if not adopted:
            _write(kept, spec.stdin)
            (spec.folder / "out").mkdir(exist_ok=True)
        return SandboxRef(sandbox_id=spec.sandbox_id, container="none", folder=spec.folder, adopted=adopted)

    async def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        data = json.dumps(RESULT).encode() + b"\n"
        await asyncio.sleep(TAKES)
        if offset == 0:
            yield OutputChunk(offset=0, data=data)
        yield OutputChunk(offset=len(data), exit=ExitStatus(code=0))

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        """Nothing runs that could hear it."""

    async def remove(self, sandbox_id: str) -> None:
        """There is nothing to remove; what it was asked stays, as output files do."""


class NoImages:
    """Implements `airut.ports.sandbox.Images`."""

    async def ensure(self, repo: str, container: Path | None) -> str:
        return "none"


class IdleHost(SandboxHost):
    async def engine(self) -> tuple[Images, Sandboxes, Agent]:
        return NoImages(), IdleSandboxes(), ClaudeCode()


def _write(file: Path, text: str) -> None:
    """Whole or not at all, whenever this process is killed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".part")
    with partial.open("w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    partial.replace(file)


async def host(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    async with IdleHost(config, client) as idle:
        await serve_host(client, idle, Leases(config.state), stop, grace=timedelta(seconds=30))


async def up(config: Config, stop: asyncio.Event) -> None:
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = (sys.executable, "-m", "tests.chaos.idle_sandbox", "host")
    idle = [
        part.model_copy(update={"command": command}) if part.name == "sandbox_host" else part for part in parts(config)
    ]
    await supervise(idle, stop)


if __name__ == "__main__":
    body = {"up": up, "host": host}[sys.argv.pop(1)]
    run(body.__name__, body)
