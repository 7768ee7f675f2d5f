"""Where a container's control group is, for whoever measures it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine
from airut.adapters.telemetry.cgroup import container_group
from airut.errors import SandboxError


def group_finder(engine: Engine) -> Callable[[str], Awaitable[Path | None]]:
    """None for a container that is gone."""
    containers = Containers(engine)

    async def find(name: str) -> Path | None:
        try:
            found = await containers.inspect(name)
        except SandboxError:
            return None
        return await asyncio.to_thread(container_group, found.pid) if found and found.running else None

    return find
