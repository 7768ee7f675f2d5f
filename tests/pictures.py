"""`scripts/lab -- python -m tests.pictures`: the README's pictures, taken of the demo while it plays.

What the terminal shows becomes an SVG; the dashboard is photographed in Chromium. All into `$AIRUT_SCREENSHOTS`, for
`make pictures` to put into docs/images.
"""

import asyncio
import io
import os
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

from airut.demo.play import DASHBOARD
from tests.support.browser import chromium, missing

COLUMNS = 100
"""Of the terminal: what can still be read at the width of a README."""
ENOUGH = "everything stays up"
"""The demo's last words."""
LIMIT = 300.0
"""Seconds for the demo, which needs some twenty."""
ADDRESS = f"http://127.0.0.1:{DASHBOARD}"
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


async def main() -> int:
    if why := missing():
        print(why, file=sys.stderr)
        return 1
    shots = Path(os.environ["AIRUT_SCREENSHOTS"])
    shots.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    demo = await asyncio.create_subprocess_exec(
        "airut", "demo", "--keep", env=environment, stdout=asyncio.subprocess.PIPE
    )
    try:
        lines = await asyncio.wait_for(_played(demo), LIMIT)
        (shots / "demo.svg").write_text(terminal(lines))
        await photographed(shots)
    finally:
        demo.send_signal(signal.SIGINT)
        await demo.communicate()
    return 0


async def _played(demo: asyncio.subprocess.Process) -> list[str]:
    assert demo.stdout
    lines: list[str] = []
    async for line in demo.stdout:
        lines.append(line.decode().rstrip("\n"))
        if ENOUGH in lines[-1]:
            return lines[:-1]
    raise RuntimeError("the demo ended:\n" + "\n".join(lines))


def terminal(lines: list[str]) -> str:
    """As a terminal shows it; no font is fetched from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in ("$ make demo", *lines):
        console.print(Text.from_ansi(line), soft_wrap=True)
    drawn = console.export_svg(title="make demo", unique_id="demo")
    head, _, rest = drawn.partition("@font-face")
    tail = rest[rest.rindex("@font-face") :].partition("}")[2] if "@font-face" in rest else rest.partition("}")[2]
    text = (head + tail).replace("Fira Code, monospace", FONT).replace("font-family: arial", "font-family: sans-serif")
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


async def photographed(shots: Path) -> None:
    """The conversation that the demo had."""
    with tempfile.TemporaryDirectory(prefix="airut-pictures-") as folder, chromium(ADDRESS, Path(folder)) as browser:
        browser.shots = shots
        browser.look(width=1000, height=620)
        browser.open("/")
        found: list[str] = []

        def linked() -> bool:
            """The page is live: its link is read at once, for it may be another element when it is clicked."""
            link = browser.find("main a[href^='/thread']")
            found.extend([link.get_attribute("href") or ""] if link else [])
            return bool(found)

        await browser.until(linked)
        browser.open(found[-1])
        await browser.shows("Opened pull request")
        browser.shot("thread")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
