"""Following a sandbox: its output as it comes, its end, and the end of its proxy."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from airut.adapters.podman.containers import Container, Containers
from airut.adapters.podman.fence import Fences
from airut.adapters.podman.opened import OPEN
from airut.adapters.podman.output import OutputReader, Tampered
from airut.errors import CutOff, EngineError, NetworkLost
from airut.models.hosts.sandbox import ExitStatus, LimitHit, OutputChunk, SandboxRef

POLL = 0.05  # seconds between two looks at the file
LOOK = 1.0  # seconds between two looks at the containers, and the longest time without a chunk
END_POLL = 0.02
END_WAIT = 15.0  # from the exit file to the end of PID 1, which writes it last: longer is a forgery


@dataclass
class _Follower:
    containers: Containers
    fences: Fences
    ref: SandboxRef
    reader: OutputReader
    looked: float = field(default=0.0)

    async def ended(self) -> Container | None:
        """The container, when it has ended. Raises: Tampered, NetworkLost, EngineUnavailable, EngineError"""
        written = self.reader.exit_written()
        if not written and time.monotonic() - self.looked < LOOK:
            return None
        self.looked = time.monotonic()
        if written:
            return await self._until_ended()
        self.reader.check()
        container = await self._inspect()
        if not container.running:
            return container
        fenced = container.labels.get("airut.network") != OPEN
        if fenced and not await self.fences.alive(container.labels["airut.fence"]):
            await self._lost()
        return None

    async def _until_ended(self) -> Container:
        until = time.monotonic() + END_WAIT
        while (container := await self._inspect()).running:
            if time.monotonic() > until:
                raise Tampered
            await asyncio.sleep(END_POLL)
        return container

    async def _inspect(self) -> Container:
        container = await self.containers.inspect(self.ref.container)
        if container is None:
            raise EngineError(f"sandbox {self.ref.sandbox_id} is gone: its container was removed")
        return container

    async def _lost(self) -> None:
        await self.containers.signal(self.ref.container, "SIGKILL")
        raise NetworkLost(f"the proxy of sandbox {self.ref.sandbox_id} ended")


async def follow(
    containers: Containers, fences: Fences, ref: SandboxRef, offset: int, killed: Callable[[], bool]
) -> AsyncIterator[OutputChunk]:
    """See `airut.ports.sandbox.Sandboxes.follow`. `killed` tells whether it was us who killed it."""
    try:
        opened = OutputReader(ref.folder / "out", offset)
    except OSError as error:
        raise EngineError(f"the output of sandbox {ref.sandbox_id} is gone: {error.strerror}") from error
    with opened as reader:
        follower = _Follower(containers, fences, ref, reader)
        ended: Container | None = None
        said = time.monotonic()
        try:
            while True:
                data = reader.read(final=ended is not None)
                if data or time.monotonic() - said > LOOK:
                    said = time.monotonic()
                    yield OutputChunk(offset=reader.offset - len(data or b""), data=data or b"")
                if data is not None:
                    await asyncio.sleep(0)  # whoever has much to read does not keep the others waiting
                elif ended:
                    said_of_end = reader.exit_status()
                    if said_of_end is None and reader.exit_written():
                        raise Tampered  # something else lies in its place, or PID 1 would have written it
                    yield OutputChunk(offset=reader.offset, exit=exit_status(ended, said_of_end, killed=killed()))
                    return
                else:
                    ended = await follower.ended()
                    if ended is None:
                        await asyncio.sleep(POLL)
        except Tampered:
            await containers.signal(ref.container, "SIGKILL")
            yield OutputChunk(offset=reader.offset, exit=ExitStatus(code=-1, tampered=True))


def exit_status(container: Container, said: ExitStatus | None, *, killed: bool) -> ExitStatus:
    """How it ended: the entrypoint's word where the engine agrees with it. Without a word of it, it was ended from
    outside: by us, by the kernel for its memory, or by the engine for its time.

    Raises:
        CutOff: by something else.
    """
    code = container.exit_code
    if said is not None:
        return said.model_copy(
            update={"oom_killed": said.oom_killed or container.oom_killed, "tampered": said.code != code}
        )
    too_long = container.duration_s > float(container.labels.get("airut.time_limit", "inf"))
    if not (killed or container.oom_killed or too_long):
        raise CutOff(f"sandbox {container.labels.get('airut.sandbox')} was cut off, and nothing tells how it ended")
    return ExitStatus(
        code=code,
        signal=code - 128 if code > 128 else None,
        oom_killed=container.oom_killed,
        limit=LimitHit.TIME if too_long else None,
        duration_s=container.duration_s,
    )
