"""How long a sandbox takes until its command runs: bare, with a plain mitmdump, and as the product starts it."""

import asyncio
import dataclasses
import ipaddress
import statistics
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.table import Table

from airut.adapters.podman.bodies import Bind, Placement, hardened
from airut.adapters.podman.engine import Body
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.models.hosts.sandbox import Limits
from tests.bench.fence.client import PORT
from tests.bench.fence.figures import percentile
from tests.bench.fence.lanes import Ground

SUBNET = ipaddress.IPv4Network("10.198.3.0/28")
LOOK = 0.005  # seconds
PATIENCE = 30.0  # seconds
AIMS = {"sandbox, cold": 1.0, "sandbox, pre-warmed": 0.4}
RUNS = "echo runs >/out/runs; sleep 60"
ANSWERS = f"""
import socket, time
while True:
    try:
        socket.create_connection(("{SUBNET[2]}", {PORT}), 1).close()
        break
    except OSError:
        time.sleep(0.01)
open("/out/runs", "w").write("runs")
time.sleep(60)
"""


async def measure_starts(ground: Ground, *, count: int) -> Table:
    cold = PodmanSandboxes(ground.engine, ground.settings, ground.policy, ground.proxy_image)
    # An installation of its own: a cold start of the same one would find what is kept warm.
    runtime = ground.settings.runtime.with_name("airut-warm")
    settings = dataclasses.replace(ground.settings, installation="bench-warm", warm=1, runtime=runtime)
    warm = PodmanSandboxes(ground.engine, settings, ground.policy, ground.proxy_image)
    kinds: dict[str, Callable[[int], Awaitable[float]]] = {
        "the agent's container alone": lambda number: _bare(ground, number),
        "network, mitmdump and agent": lambda number: _mitmdump(ground, number),
        "sandbox, cold": lambda number: _sandbox(ground, cold, 1000 + number),
        "sandbox, pre-warmed": lambda number: _sandbox(ground, warm, 2000 + number),
    }
    seconds: dict[str, list[float]] = defaultdict(list)
    for number in range(count + 1):
        for name, measure in kinds.items():
            taken = await measure(number)
            if number:  # the first of each pays for caches
                seconds[name].append(taken)
    await warm.close()
    await warm.discard_warm()
    return _table(seconds, count)


def _table(seconds: dict[str, list[float]], count: int) -> Table:
    shown = Table("", "p50", "p95", "aim", title=f"until the command runs, {count} starts each, seconds")
    for name, values in seconds.items():
        aim, median = AIMS.get(name), statistics.median(values)
        style = "bold red" if aim and median > aim else "bold" if aim else ""
        shown.add_row(name, f"{median:.3f}", f"{percentile(values, 95):.3f}", f"≤ {aim}" if aim else "", style=style)
    return shown


async def _sandbox(ground: Ground, sandboxes: PodmanSandboxes, number: int) -> float:
    await sandboxes.open()  # where none is kept warm, this makes none
    await asyncio.sleep(0.5)  # and it is at rest, as between tasks
    spec = ground.spec(ground.rules, "echo runs; sleep 60", number)
    begun = time.monotonic()
    await sandboxes.start(spec)
    await _until_written(spec.folder / "out" / "events.jsonl")
    taken = time.monotonic() - begun
    await sandboxes.remove(spec.sandbox_id)
    return taken


async def _bare(ground: Ground, number: int) -> float:
    out = ground.folder / f"bare-{number}"
    out.mkdir()
    begun = time.monotonic()
    await _agent(ground, out, ["sh", "-c", RUNS], {"podman": {}})
    await _until_written(out / "runs")
    taken = time.monotonic() - begun
    await ground.containers.remove("bench-agent")
    return taken


async def _mitmdump(ground: Ground, number: int) -> float:
    """Until the port of the proxy is open, which for a mitmdump is when it can serve."""
    out = ground.folder / f"plain-{number}"
    out.mkdir()
    begun = time.monotonic()
    await ground.network("bench-start", SUBNET, internal=True)
    await asyncio.gather(
        ground.mitmdump(f"bench-mitmdump-{number}", "bench-start", str(SUBNET[2])),
        _agent(ground, out, ["python3", "-c", ANSWERS], {"bench-start": {"static_ips": [str(SUBNET[3])]}}),
    )
    await _until_written(out / "runs")
    taken = time.monotonic() - begun
    await ground.containers.remove("bench-agent")
    await ground.containers.remove(f"bench-mitmdump-{number}")
    await ground.networks.remove("bench-start")
    return taken


async def _agent(ground: Ground, out: Path, command: list[str], networks: dict[str, Body]) -> None:
    def body(place: Placement) -> Body:
        mounts = [Bind(out, "/out", writable=True).body()]
        limits = Limits(memory=512 * 1024**2, cpus=1, pids=200)
        return hardened(ground.image, place, limits, mounts) | {"entrypoint": command, "networks": networks}

    await ground.launcher.launch("bench-agent", {}, body)


async def _until_written(file: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while not (file.exists() and file.stat().st_size):
            await asyncio.sleep(LOOK)
