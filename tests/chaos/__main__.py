"""`make chaos`: kill everything, everywhere, and count. Prints the seed; the same seed makes the same run.

Without options all five parts run; with one or more of them only those do.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from airut.models.base import Model
from tests.chaos.agent_kills import AgentKills, claude
from tests.chaos.container_kills import kill_containers
from tests.chaos.matrix import Matrix, chosen, table
from tests.chaos.message_plan import plan
from tests.chaos.messages import KILLED, MessageRun
from tests.chaos.topology import run_topology
from tests.chaos.world import IDLE, World
from tests.support.s3 import running_s3

MESSAGES, MESSAGES_A_KILL = 2_000, 50
TOPOLOGY_MESSAGES = 500
AGENT_KILLS = 1_000
CONTAINER_KILLS = 24

console = Console(width=150)


@asynccontextmanager
async def running(product: tuple[str, ...] = ()) -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory(prefix="airut-chaos-", ignore_cleanup_errors=True) as folder:
        async with World(Path(folder), os.environ, product=product) as world:
            await world.up()
            yield world


async def cells(seed: int, names: list[str]) -> list[str]:
    """The matrix: a round for each component, with a task in each step."""
    async with running() as world:
        matrix = Matrix(world, seed)
        for component, steps in chosen(names):
            begun = time.monotonic()
            await matrix.round([(component, steps)])
            console.print(f"{component.name}: {len(steps)} tasks, {time.monotonic() - begun:.0f} s")
        verdict = await matrix.verdict()
    console.print(table(verdict))
    return list(verdict.wrong)


async def messages(seed: int, count: int) -> list[str]:
    async with running(IDLE) as world:
        kills = max(len(KILLED), count // MESSAGES_A_KILL)
        run = MessageRun(world, plan(seed, count, kills, KILLED))
        record = await run.run()
        waiting = () if record.good else await run.waiting()
    console.print(shown("messages over mail and console, idle sandboxes, all else real", record))
    again = f"messages: {record}. The same again: scripts/lab -- python -m tests.chaos --seed {seed} --messages {count}"
    return [] if record.good else [again, *waiting]


async def machines(seed: int, count: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="airut-chaos-", ignore_cleanup_errors=True) as folder, running_s3() as s3:
        record = await run_topology(Path(folder), os.environ, seed, count, s3)
        console.print(f"{len(s3.names())} objects in the bucket that they share")
    console.print(shown("two hosts, two control workers, an external Temporal; one host is lost at the end", record))
    again = f"topology: {record}. The same again: scripts/lab -- python -m tests.chaos --seed {seed} --topology {count}"
    return [] if record.good else [again]


async def containers(seed: int, count: int) -> list[str]:
    async with running() as world:
        record = await kill_containers(world, seed, count)
    console.print(shown("agent containers killed at random moments, in the whole product", record))
    return list(record.wrong)


async def agents(seed: int, count: int) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="airut-chaos-", ignore_cleanup_errors=True) as folder:
        record = await AgentKills(claude(), Path(folder), seed, count).run()
    console.print(shown("the real Claude Code killed at random moments, without containers", record))
    return [f"agent kills: {place}" for place in (*record.lost, *record.unfinished)]


def shown(title: str, record: Model) -> Table:
    """A record as it is, one line each."""
    lines = Table("", "", title=title, show_header=False, min_width=80)
    for name, value in record.model_dump().items():
        inner = value.items() if isinstance(value, dict) else [(name, value)]
        for key, each in inner:
            lines.add_row(key.replace("_", " "), ", ".join(map(str, each)) if isinstance(each, tuple) else str(each))
    return lines


async def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--cells", nargs="*", help='the matrix, or only these: "component/step" or "component"')
    parser.add_argument("--messages", type=int, help=f"a run of so many messages ({MESSAGES})")
    parser.add_argument("--topology", type=int, help=f"so many messages over several machines ({TOPOLOGY_MESSAGES})")
    parser.add_argument("--container-kills", type=int, help=f"so many agent containers ({CONTAINER_KILLS})")
    parser.add_argument("--agent-kills", type=int, help=f"so many runs of Claude Code ({AGENT_KILLS})")
    asked = parser.parse_args()
    console.print(f"seed {asked.seed}")
    parts = (asked.cells, asked.messages, asked.topology, asked.container_kills, asked.agent_kills)
    every = all(part is None for part in parts)
    begun = time.monotonic()
    wrong: list[str] = []
    if every or asked.messages:
        wrong += await messages(asked.seed, asked.messages or MESSAGES)
    if every or asked.topology:
        wrong += await machines(asked.seed, asked.topology or TOPOLOGY_MESSAGES)
    if every or asked.agent_kills:
        wrong += await agents(asked.seed, asked.agent_kills or AGENT_KILLS)
    if every or asked.container_kills:
        wrong += await containers(asked.seed, asked.container_kills or CONTAINER_KILLS)
    if every or asked.cells is not None:
        wrong += await cells(asked.seed, asked.cells or [])
    for line in wrong:
        console.print(line, style="bold red", highlight=False, markup=False)
    console.print(
        f"seed {asked.seed}: {'NOT as it must be' if wrong else 'all as it must be'}, {time.monotonic() - begun:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
