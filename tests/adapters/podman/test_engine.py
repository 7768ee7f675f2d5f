"""A Podman that is busy is waited for."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest

from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Engine
from airut.errors import EngineUnavailable


async def test_an_answer_that_trickles_is_as_good_as_none(tmp_path: Path) -> None:
    """The socket's own timeout never comes, since there is always another byte; the deadline for the whole does."""

    async def trickle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _byte in range(100):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    with tempfile.TemporaryDirectory() as short:  # a socket's path has a hundred characters
        path = Path(short) / "podman.sock"
        async with await asyncio.start_unix_server(trickle, path):
            engine = Engine(path)
            # "In time" is the socket's own word, where the next byte was late for once.
            with pytest.raises(EngineUnavailable, match=r"look around: Podman did not answer (within 0 s|in time)"):
                await engine.get("/info", "look around", deadline=0.2)
            await engine.close()


async def test_what_is_being_made_is_waited_for_by_who_is_cancelled(tmp_path: Path) -> None:
    """It would be there after its asker has removed all that there was; and two are never made at once."""
    asked: asyncio.Queue[bytes] = asyncio.Queue()
    made = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.put_nowait(await reader.readuntil(b"}"))
        await made.wait()
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    with tempfile.TemporaryDirectory() as short:
        path = Path(short) / "podman.sock"
        async with await asyncio.start_unix_server(slow, path):
            engine = Engine(path)
            first, second = (asyncio.create_task(Containers(engine).create(name, {})) for name in "ab")
            assert b'"a"' in await asked.get()
            first.cancel()
            try:
                await asyncio.sleep(0.3)
                assert not first.done()
                assert asked.empty()
            finally:
                made.set()
            with pytest.raises(asyncio.CancelledError):
                await first
            await second
            assert b'"b"' in await asked.get()
            await engine.close()
