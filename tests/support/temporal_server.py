"""The embedded server as `airut up` starts it, with its database in a folder."""

import asyncio
from pathlib import Path
from typing import Self

from temporalio.client import Client

from airut.adapters.blobs_local import LocalBlobStore
from airut.config.codec_settings import CodecSettings
from airut.config.schema import TemporalSettings
from airut.demo.ports import free_ports
from airut.temporal.connection import connect
from airut.temporal.embedded import server_command

STARTS = 30.0
"""Seconds, on a machine that has more to do."""


class EmbeddedServer:
    """`async with` starts it; `stop()` kills it; `restart()` does both, on the same database."""

    def __init__(self, folder: Path, codec: CodecSettings | None = None, *arguments: str) -> None:
        self.folder = folder
        port, ui_port = free_ports(2)
        self.settings = TemporalSettings(port=port, ui_port=ui_port, codec=codec or CodecSettings())
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None

    @property
    def payloads(self) -> Path:
        return self.folder / "payloads"

    async def client(self) -> Client:
        return await connect(self.settings, LocalBlobStore(self.payloads))

    def recorded(self) -> bytes:
        """Every byte that the server and the payload store keep on disk."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in files)

    async def restart(self) -> None:
        await self.stop()
        await self._start()

    async def __aenter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        command = [*server_command(self.settings, self.folder / "temporal.db"), *self._arguments]
        nothing = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(*command, stdout=nothing, stderr=nothing)
        async with asyncio.timeout(STARTS):
            while True:
                try:
                    await self.client()
                except RuntimeError:
                    await asyncio.sleep(0.1)
                else:
                    return

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
