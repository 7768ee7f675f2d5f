"""Sandboxes without a fence: the command is a process of this machine. For tests of what is around a sandbox."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass

from airut.adapters.podman.output import OutputReader
from airut.errors import CutOff, EngineError, NameTaken
from airut.models.hosts.sandbox import ExitStatus, OutputChunk, SandboxRef, SandboxSignal, SandboxSpec

SIGNALS = {
    SandboxSignal.PAUSE: signal.SIGSTOP,
    SandboxSignal.THAW: signal.SIGCONT,
    SandboxSignal.INTERRUPT: signal.SIGINT,
    SandboxSignal.TERMINATE: signal.SIGTERM,
    SandboxSignal.KILL: signal.SIGKILL,
}


@dataclass
class _Run:
    spec: SandboxSpec
    process: asyncio.subprocess.Process | None
    cut_off: bool = False

    @property
    def ended(self) -> bool:
        return self.process is None or self.process.returncode is not None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and not self.ended:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


class FakeSandboxes:
    """Implements `airut.ports.sandbox.Sandboxes` with plain processes in the folder that is mounted at /workspace."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._starting = asyncio.Lock()
        self._making: set[asyncio.Task[SandboxRef]] = set()

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        # As the engine does: whoever asked may be gone, what it was asked for is made and known all the same.
        making = asyncio.create_task(self._in_turn(spec))
        self._making.add(making)
        making.add_done_callback(self._making.discard)
        return await asyncio.shield(making)

    async def _in_turn(self, spec: SandboxSpec) -> SandboxRef:
        async with self._starting:
            return await self._start_or_adopt(spec)

    async def _start_or_adopt(self, spec: SandboxSpec) -> SandboxRef:
        ref = SandboxRef(sandbox_id=spec.sandbox_id, container=f"airut-{spec.sandbox_id}", folder=spec.folder)
        found = self._runs.get(spec.sandbox_id)
        if found is not None:
            if found.spec.digest() != spec.digest():
                raise NameTaken(f"sandbox {spec.sandbox_id} exists with another specification")
            return ref.model_copy(update={"adopted": True})
        for other in [run for run in self._runs.values() if run.spec.task == spec.task]:
            await self.remove(other.spec.sandbox_id)
        self._runs[spec.sandbox_id] = _Run(spec, await self._start(spec))
        return ref

    async def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        run = self._runs.get(ref.sandbox_id)
        if run is None:
            raise EngineError(f"sandbox {ref.sandbox_id} is gone: its container was removed")
        loop = asyncio.get_running_loop()
        said = loop.time()
        with OutputReader(ref.folder / "out", offset) as reader:
            while True:
                ended = run.ended
                data = reader.read(final=ended)
                if data or loop.time() - said > 1:
                    said = loop.time()
                    yield OutputChunk(offset=reader.offset - len(data or b""), data=data or b"")
                if data is not None:
                    await asyncio.sleep(0)
                elif ended:
                    yield OutputChunk(offset=reader.offset, exit=_exit_status(run))
                    return
                else:
                    await asyncio.sleep(0.01)

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        if run := self._runs.get(ref.sandbox_id):
            run.signal(SIGNALS[signal])

    async def remove(self, sandbox_id: str) -> None:
        if run := self._runs.pop(sandbox_id, None):
            run.signal(signal.SIGKILL)
            if run.process is not None:
                await run.process.wait()

    async def cut_off(self, ref: SandboxRef) -> None:
        """End it from outside, as a reboot would."""
        run = self._runs[ref.sandbox_id]
        run.cut_off = True
        run.signal(signal.SIGKILL)
        if run.process is not None:
            await run.process.wait()

    async def _start(self, spec: SandboxSpec) -> asyncio.subprocess.Process | None:
        out = spec.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        (spec.folder / "stdin").write_text(spec.stdin)
        workspace = next(mount.source for mount in spec.mounts if mount.target == "/workspace")
        with (
            (spec.folder / "stdin").open("rb") as stdin,
            (out / "events.jsonl").open("ab") as events,
            (out / "stderr").open("ab") as stderr,
        ):
            try:
                return await asyncio.create_subprocess_exec(
                    *spec.command,
                    stdin=stdin,
                    stdout=events,
                    stderr=stderr,
                    cwd=workspace,
                    env={"PATH": os.environ["PATH"], **spec.environment},
                    start_new_session=True,
                )
            except FileNotFoundError:
                return None


def _exit_status(run: _Run) -> ExitStatus:
    if run.cut_off:
        raise CutOff(f"sandbox {run.spec.sandbox_id} was cut off")
    if run.process is None:
        return ExitStatus(code=127)
    code = run.process.returncode or 0
    return ExitStatus(code=128 - code, signal=-code) if code < 0 else ExitStatus(code=code)
