import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from airut.adapters.git.lock import locked


async def test_writers_alone_readers_together(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    async with locked(path, exclusive=False), locked(path, exclusive=False):
        with pytest.raises(TimeoutError):
            async with locked(path, patience=0.2):
                pass
    async with locked(path):
        with pytest.raises(TimeoutError):
            async with locked(path, exclusive=False, patience=0.2):
                pass


async def test_the_next_one_gets_it(tmp_path: Path) -> None:
    order: list[str] = []

    async def use(name: str) -> None:
        async with locked(tmp_path / "x.lock"):
            order.append(f"{name} in")
            await asyncio.sleep(0.05)
            order.append(f"{name} out")

    await asyncio.gather(use("a"), use("b"))
    assert order in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])


async def test_a_killed_holder_lets_go_and_its_child_holds_on(tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import asyncio, os, pathlib, signal, subprocess, sys
        from airut.adapters.git.lock import locked
        async def main():
            async with locked(pathlib.Path(sys.argv[1])) as lock:
                child = subprocess.Popen(["sleep", "60"], pass_fds=(lock,), stdout=subprocess.DEVNULL)
                print(child.pid, flush=True)
                os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(main())
    """)
    path = tmp_path / "x.lock"
    command = [sys.executable, "-c", script, str(path)]
    done = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, check=False)
    with pytest.raises(TimeoutError):
        async with locked(path, patience=0.2):
            pass
    os.kill(int(done.stdout), signal.SIGKILL)
    async with locked(path, patience=60):
        pass
