"""Which images this host has, looked up now and then for what it tells of itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from airut.errors import SandboxError
from airut.models.hosts.image import BuiltImage

EVERY = 60.0
"""Seconds: a build takes minutes, and the list is one question to the engine."""


class ImagesLook:
    """`found` is None until the engine has answered, and while it does not."""

    def __init__(self, look: Callable[[], Awaitable[tuple[BuiltImage, ...]]] | None, every: float = EVERY) -> None:
        """`look` is None on a host without containers."""
        self._look = look
        self._every = every
        self.found: tuple[BuiltImage, ...] | None = None

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._run(self._look)) if self._look is not None else None
        try:
            yield
        finally:
            if task is not None:
                task.cancel()

    async def _run(self, look: Callable[[], Awaitable[tuple[BuiltImage, ...]]]) -> None:
        while True:
            try:
                self.found = await look()
            except SandboxError:
                self.found = None  # whoever needs the engine says what is wrong with it
            await asyncio.sleep(self._every)
