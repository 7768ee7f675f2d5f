"""A Podman that is busy is waited for."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest

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
            with pytest.raises(EngineUnavailable, match="look around: Podman did not answer within 0 s"):
                await engine.get("/info", "look around", deadline=0.2)
            await engine.close()
