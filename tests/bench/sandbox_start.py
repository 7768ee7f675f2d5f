"""`python -m tests.bench.sandbox_start`: what a job feels of `airut-sandbox run` beside plain `podman run`, images cached.

Both run `true` on the base image, in turn, so that what else the machine does falls on both alike.
"""

import argparse
import re
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from airut.adapters.podman.sources import BASE
from tests.ci.conftest import COMMAND, ENVIRONMENT

TIMES = 10
AIM = 1.5
"""Seconds over `podman run`, which every job of a CI system pays."""
PART = re.compile(r"([a-z ]+) (\d+) ms")


def seconds(command: Sequence[str], folder: Path) -> tuple[float, str]:
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    return time.perf_counter() - begun, done.stderr


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES)
    times = parser.parse_args().times
    plain, ours = list[float](), list[float]()
    parts = defaultdict[str, list[int]](list)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        podman = ("podman", "run", "--rm", "--network=none", "--userns=keep-id", BASE, "true")
        sandbox = (*COMMAND, "run", "-v", "--", "true")
        for warm_up in (podman, sandbox):
            seconds(warm_up, folder)
        for _ in range(times):
            plain.append(seconds(podman, folder)[0])
            took, said = seconds(sandbox, folder)
            ours.append(took)
            (line,) = (line for line in said.splitlines() if line.startswith("airut-sandbox: start: "))
            for part, ms in PART.findall(line.removeprefix("airut-sandbox: start: ")):
                parts[part.strip()].append(int(ms))
    table = Table("", "median", "slowest", title=f"`true` in a container, {times} times each, seconds")
    for label, taken in (("podman run", plain), ("airut-sandbox run", ours)):
        table.add_row(label, f"{statistics.median(taken):.2f}", f"{max(taken):.2f}")
    console = Console()
    console.print(table)
    over = statistics.median(ours) - statistics.median(plain)
    console.print(f"over plain Podman: {over:.2f} s ({'within' if over <= AIM else 'beyond'} the aim of {AIM} s)")
    console.print("parts, median: " + ", ".join(f"{part} {statistics.median(ms):.0f} ms" for part, ms in parts.items()))


if __name__ == "__main__":
    main()
