"""Whoever starts or removes a sandbox is alone with it, in whatever process."""

import asyncio
import subprocess
import sys
from pathlib import Path

from airut.adapters.podman.locks import locked

HOLDER = """
import asyncio, pathlib, sys
from airut.adapters.podman.locks import locked
async def main():
    async with locked(pathlib.Path(sys.argv[1]), "a"):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_one_after_the_other_and_nothing_is_left(tmp_path: Path) -> None:
    inside, most, done = 0, 0, 0

    async def one() -> None:
        nonlocal inside, most, done
        async with locked(tmp_path / "locks", "a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            done += 1

    await asyncio.gather(*(one() for _ in range(10)))
    assert (most, done) == (1, 10)
    assert list((tmp_path / "locks").iterdir()) == []


async def test_another_name_does_not_wait(tmp_path: Path) -> None:
    async with asyncio.timeout(60), locked(tmp_path, "a"), locked(tmp_path, "b"):
        pass


async def test_a_process_that_is_killed_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        async def take() -> None:
            async with locked(tmp_path, "a"):
                return

        waiting = asyncio.create_task(take())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        holder.kill()
        await asyncio.wait_for(waiting, 60)


async def test_one_that_is_cancelled_while_it_waits_holds_nothing(tmp_path: Path) -> None:
    async with locked(tmp_path, "a"):
        waiting = asyncio.create_task(locked(tmp_path, "a").__aenter__())
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait((waiting,))
    async with asyncio.timeout(60), locked(tmp_path, "a"):
        pass
