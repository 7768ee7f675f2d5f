"""`python -m tests.bench.fence [--short] [--only traffic|start]`: what the fence costs, in time and memory.

All lanes are measured in turns within one run, so that what else the machine does hits them alike. The proxies' CPU
time is told besides: it hardly depends on what else runs.
"""

import argparse
import asyncio
import tempfile
from pathlib import Path

from rich.console import Console

from tests.bench.fence.lanes import Ground
from tests.bench.fence.starts import measure_starts
from tests.bench.fence.traffic import measure_traffic


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a tenth of the requests and bytes")
    parser.add_argument("--only", choices=("traffic", "start"))
    given = parser.parse_args()
    console = Console(width=140)
    with tempfile.TemporaryDirectory(prefix="airut-bench-", ignore_cleanup_errors=True) as folder:
        async with Ground.made(Path(folder)) as ground:
            if given.only != "start":
                console.print(await measure_traffic(ground, short=given.short))
            if given.only != "traffic":
                console.print(await measure_starts(ground, count=5 if given.short else 20))


if __name__ == "__main__":
    asyncio.run(main())
