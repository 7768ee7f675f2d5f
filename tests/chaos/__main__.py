"""`make chaos`: kill everything, everywhere, and count. Prints the seed; the same seed makes the same run."""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.chaos.matrix import Matrix, chosen, table
from tests.chaos.world import World


async def cells(console: Console, seed: int, names: list[str]) -> list[str]:
    """The matrix: a round for each component, with a task in each step."""
    with tempfile.TemporaryDirectory(prefix="airut-chaos-", ignore_cleanup_errors=True) as folder:
        async with World(Path(folder), os.environ) as world:
            await world.up()
            matrix = Matrix(world, seed)
            for component, steps in chosen(names):
                begun = time.monotonic()
                await matrix.round([(component, steps)])
                console.print(f"{component.name}: {len(steps)} tasks, {time.monotonic() - begun:.0f} s")
            verdict = await matrix.verdict()
    console.print(table(verdict))
    return list(verdict.wrong)


async def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--cells", nargs="*", help='all, or these: "component/step" or "component"; none: --cells -')
    arguments = parser.parse_args()
    console = Console(width=150)
    console.print(f"seed {arguments.seed}")
    wrong: list[str] = []
    if arguments.cells != ["-"]:
        wrong += await cells(console, arguments.seed, arguments.cells or [])
    for line in wrong:
        console.print(line, style="bold red", highlight=False)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
