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


async def test_its_service_leaves_no_folder_that_the_user_cannot_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine where nobody has used Podman yet, the service makes Podman's own folders."""
    with tempfile.TemporaryDirectory() as short:
        monkeypatch.setenv("HOME", short)
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        engine = Engine(runtime=Path(short))
        await engine.get("/images/json", "look around")
        socket = Path(short) / "airut" / "podman.sock"
        assert socket.stat().st_mode & 0o777 == 0o600
        await engine.close()
        folders = [path for path in (Path(short) / "containers", *Path(short).rglob("*/")) if path.is_dir()]
        assert len(folders) > 3
        assert [path for path in folders if path.stat().st_mode & 0o700 != 0o700] == []
