"""What every implementation of `airut.ports.sandbox.Sandboxes` does. Each runs this class with a `stage` of its own."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest

from airut.errors import CutOff, NameTaken
from airut.models.hosts.sandbox import (
    ExitStatus,
    Limits,
    Mount,
    NetworkSpec,
    OutputChunk,
    SandboxRef,
    SandboxSignal,
    SandboxSpec,
    sandbox_id,
)
from airut.ports.sandbox import Sandboxes
from tests.support.eventually import eventually

PATIENCE = 60.0  # seconds: what takes one on an idle machine, on a busy one
numbers = itertools.count(1)


@runtime_checkable
class CanBeCutOff(Protocol):
    async def cut_off(self, ref: SandboxRef) -> None: ...


@dataclass
class Stage:
    """An implementation, and how to ask it for a sandbox that runs a shell script in a fresh workspace."""

    sandboxes: Sandboxes
    folder: Path
    image: str = ""
    mounts: tuple[Mount, ...] = ()
    from_outside: Callable[[SandboxRef], Awaitable[None]] | None = None
    """How to end a running sandbox from outside; None where the implementation has a `cut_off` of its own."""
    started: set[str] = field(default_factory=set)

    def spec(self, script: str, *, task: str | None = None, attempt: int = 1, **more: object) -> SandboxSpec:
        task = task or f"{self.folder.name}/task-{next(numbers)}"
        made = sandbox_id(task, attempt)
        workspace = self.folder / "workspaces" / task
        workspace.mkdir(parents=True, exist_ok=True)
        self.started.add(made)
        values: dict[str, object] = {
            "sandbox_id": made,
            "thread": self.folder.name,
            "task": task,
            "attempt": attempt,
            "repo": "web",
            "image": self.image,
            "command": ("sh", "-c", script),
            "stdin": "the prompt\n",
            "environment": {"GREETING": "hello; $world"},
            "mounts": (Mount(source=workspace, target="/workspace", writable=True), *self.mounts),
            "folder": self.folder / "sandboxes" / made,
            "network": NetworkSpec(allowlist=None, repository="acme/web", granted_presets=()),
            "limits": Limits(memory=512 * 1024**2, cpus=1, pids=200),
        }
        return SandboxSpec.model_validate(values | more)

    async def run(self, spec: SandboxSpec) -> tuple[bytes, ExitStatus]:
        """Start it, follow it to its end, and remove it."""
        ref = await self.sandboxes.start(spec)
        try:
            return await self.rest(ref)
        finally:
            await self.sandboxes.remove(spec.sandbox_id)

    async def rest(self, ref: SandboxRef, offset: int = 0) -> tuple[bytes, ExitStatus]:
        chunks = [chunk async for chunk in self.sandboxes.follow(ref, offset)]
        assert chunks[-1].exit is not None
        assert all(chunk.exit is None for chunk in chunks[:-1])
        return b"".join(chunk.data for chunk in chunks), chunks[-1].exit

    async def cut_off(self, ref: SandboxRef) -> None:
        """End a running sandbox as a reboot would: not by the port's own signals, and so that nothing tells how."""
        if self.from_outside is not None:
            return await self.from_outside(ref)
        assert isinstance(self.sandboxes, CanBeCutOff)
        return await self.sandboxes.cut_off(ref)

    async def until(self, ref: SandboxRef, text: bytes) -> int:
        """Follow until this was said, in however many chunks; returns the offset behind the last of them."""
        said = b""
        try:
            async with asyncio.timeout(PATIENCE):
                async for chunk in self.sandboxes.follow(ref, 0):
                    said += chunk.data
                    if text in said:
                        return len(said)
        except TimeoutError:
            pass
        raise AssertionError(f"{text!r} was never said, only {said!r}")

    @asynccontextmanager
    async def running(self, script: str, **more: object) -> AsyncIterator[SandboxRef]:
        """A sandbox whose script has said `ready`."""
        spec = self.spec(f"{script}", **more)  # type: ignore[arg-type]
        ref = await self.sandboxes.start(spec)
        try:
            await self.until(ref, b"ready\n")
            yield ref
        finally:
            await self.sandboxes.remove(spec.sandbox_id)


WAITS = "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done"


class SandboxContract:
    async def test_input_output_and_exit_code(self, stage: Stage) -> None:
        output, ended = await stage.run(stage.spec('cat; echo "$GREETING"; pwd | tail -c 20; echo lost >&2; exit 3'))
        lines = output.splitlines()
        assert lines[:2] == [b"the prompt", b"hello; $world"]
        assert (ended.code, ended.signal, ended.oom_killed, ended.tampered) == (3, None, False, False)

    async def test_a_last_line_without_its_end_counts_once_it_is_the_last(self, stage: Stage) -> None:
        output, _ = await stage.run(stage.spec("printf 'one\\ntw'; sleep 0.3; printf 'o'"))
        assert output == b"one\ntwo"

    async def test_chunks_hold_whole_lines(self, stage: Stage) -> None:
        ref = await stage.sandboxes.start(
            stage.spec("for i in $(seq 2000); do echo line $i; done; printf 'half '; echo x")
        )
        chunks = [chunk async for chunk in stage.sandboxes.follow(ref, 0)]
        assert all(chunk.data.endswith(b"\n") for chunk in chunks if chunk.data)
        assert [chunk.offset for chunk in chunks] == list(
            itertools.accumulate((len(chunk.data) for chunk in chunks[:-1]), initial=0)
        )
        await stage.sandboxes.remove(ref.sandbox_id)

    async def test_a_command_that_does_not_exist(self, stage: Stage) -> None:
        _, ended = await stage.run(stage.spec("", command=("no-such-command",)))
        assert ended.code == 127

    async def test_follow_goes_on_from_an_offset(self, stage: Stage) -> None:
        ref = await stage.sandboxes.start(stage.spec("echo one; echo two; echo three"))
        output, _ = await stage.rest(ref)
        assert output == b"one\ntwo\nthree\n"
        assert (await stage.rest(ref, offset=8))[0] == b"three\n"
        assert (await stage.rest(ref, offset=14))[0] == b""
        await stage.sandboxes.remove(ref.sandbox_id)

    async def test_while_nothing_comes_there_is_a_chunk_every_second(self, stage: Stage) -> None:
        async with stage.running(WAITS) as ref:
            silent: list[OutputChunk] = []
            async with asyncio.timeout(40):  # sooner than a heartbeat is missed
                async for chunk in stage.sandboxes.follow(ref, len(b"ready\n")):
                    silent.append(chunk)
                    if len(silent) == 2:
                        break
            assert silent == [OutputChunk(offset=6), OutputChunk(offset=6)]

    async def test_starting_it_twice_returns_the_one_that_runs(self, stage: Stage) -> None:
        spec = stage.spec(WAITS)
        first = await stage.sandboxes.start(spec)
        second = await stage.sandboxes.start(spec.model_copy(update={"command": ("sh", "-c", "echo resumed")}))
        assert (first.adopted, second.adopted) == (False, True)
        assert second == first.model_copy(update={"adopted": True})
        await stage.until(second, b"ready\n")
        await stage.sandboxes.remove(spec.sandbox_id)

    async def test_two_starts_at_once_run_the_command_once(self, stage: Stage) -> None:
        spec = stage.spec("echo x >>begun; cat begun")
        refs = await asyncio.gather(stage.sandboxes.start(spec), stage.sandboxes.start(spec))
        assert sorted(ref.adopted for ref in refs) == [False, True]
        assert [await stage.rest(ref) for ref in refs] == [await stage.rest(refs[0])] * 2
        assert (await stage.rest(refs[0]))[0] == b"x\n"
        await stage.sandboxes.remove(spec.sandbox_id)

    async def test_starting_it_again_after_its_end_returns_what_it_left(self, stage: Stage) -> None:
        spec = stage.spec("echo once; exit 4")
        await stage.rest(await stage.sandboxes.start(spec))
        again = await stage.sandboxes.start(spec)
        output, ended = await stage.rest(again)
        assert (again.adopted, output, ended.code) == (True, b"once\n", 4)
        await stage.sandboxes.remove(spec.sandbox_id)

    async def test_another_specification_under_its_id_is_refused(self, stage: Stage) -> None:
        spec = stage.spec(WAITS)
        await stage.sandboxes.start(spec)
        with pytest.raises(NameTaken):
            await stage.sandboxes.start(spec.model_copy(update={"stdin": "another prompt"}))
        await stage.sandboxes.remove(spec.sandbox_id)

    async def test_an_older_attempt_is_ended_before_a_newer_one_starts(self, stage: Stage) -> None:
        older = stage.spec("while :; do date +%s%N >>beat; echo beat; sleep 0.02; done")
        await stage.until(await stage.sandboxes.start(older), b"beat\n")
        newer = stage.spec("cp beat before; sleep 0.5; cmp beat before && echo quiet", task=older.task, attempt=2)
        output, _ = await stage.run(newer)
        assert output == b"quiet\n"
        await stage.sandboxes.remove(older.sandbox_id)

    async def test_interrupt_lets_it_finish(self, stage: Stage) -> None:
        async with stage.running(WAITS) as ref:
            await stage.sandboxes.signal(ref, SandboxSignal.INTERRUPT)
            output, ended = await stage.rest(ref)
            assert (output, ended.code) == (b"ready\ninterrupted\n", 7)

    async def test_kill_ends_it(self, stage: Stage) -> None:
        async with stage.running(WAITS) as ref:
            await stage.sandboxes.signal(ref, SandboxSignal.KILL)
            output, ended = await stage.rest(ref)
            assert (output, ended.code, ended.signal) == (b"ready\n", 137, 9)

    async def test_one_that_was_cut_off_is_not_begun_again(self, stage: Stage) -> None:
        spec = stage.spec("echo x >>begun; echo begun; sleep 60")
        ref = await stage.sandboxes.start(spec)
        await stage.until(ref, b"begun\n")
        await stage.cut_off(ref)
        for _ in range(2):
            chunks: list[OutputChunk] = []
            with pytest.raises(CutOff):
                async for chunk in stage.sandboxes.follow(ref, 0):
                    chunks.append(chunk)  # noqa: PERF401 (what came before the error is looked at)
            assert b"".join(chunk.data for chunk in chunks) == b"begun\n"
            ref = await stage.sandboxes.start(spec)
            assert ref.adopted
        newer = stage.spec("cat begun", task=spec.task, attempt=2)
        assert (await stage.run(newer))[0] == b"x\n"
        await stage.sandboxes.remove(spec.sandbox_id)

    async def test_a_line_without_end_is_passed_over(self, stage: Stage) -> None:
        length = 20 * 1024**2
        script = f"echo one; head -c {length} /dev/zero | tr '\\0' x; echo; echo two"
        ref = await stage.sandboxes.start(stage.spec(script))
        chunks = [chunk async for chunk in stage.sandboxes.follow(ref, 0)]
        assert b"".join(chunk.data for chunk in chunks) == b"one\nx\ntwo\n"
        last = next(chunk for chunk in reversed(chunks) if chunk.data)
        assert last.offset + len(last.data) == length + 9
        assert (await stage.rest(ref, offset=length + 5))[0] == b"two\n"
        await stage.sandboxes.remove(ref.sandbox_id)

    async def test_paused_it_stands_still(self, stage: Stage) -> None:
        async with stage.running("echo ready; while :; do echo beat; sleep 0.02; done") as ref:
            await stage.sandboxes.signal(ref, SandboxSignal.PAUSE)
            await stage.sandboxes.signal(ref, SandboxSignal.PAUSE)
            await asyncio.sleep(0.2)
            size = (ref.folder / "out" / "events.jsonl").stat().st_size
            await asyncio.sleep(0.3)
            assert (ref.folder / "out" / "events.jsonl").stat().st_size == size
            await stage.sandboxes.signal(ref, SandboxSignal.THAW)
            await stage.sandboxes.signal(ref, SandboxSignal.THAW)
            await eventually(lambda: (ref.folder / "out" / "events.jsonl").stat().st_size > size)

    async def test_what_is_absent_can_be_signalled_and_removed(self, stage: Stage) -> None:
        ref = SandboxRef(sandbox_id="aaaaaaaaaaaa", container="airut-aaaaaaaaaaaa", folder=stage.folder)
        for signal in SandboxSignal:
            await stage.sandboxes.signal(ref, signal)
        await stage.sandboxes.remove("aaaaaaaaaaaa")

    async def test_what_has_ended_can_be_signalled_and_removed_twice(self, stage: Stage) -> None:
        ref = await stage.sandboxes.start(stage.spec("echo kept"))
        await stage.rest(ref)
        for signal in SandboxSignal:
            await stage.sandboxes.signal(ref, signal)
        await stage.sandboxes.remove(ref.sandbox_id)
        await stage.sandboxes.remove(ref.sandbox_id)
        assert (ref.folder / "out" / "events.jsonl").read_bytes() == b"kept\n"
