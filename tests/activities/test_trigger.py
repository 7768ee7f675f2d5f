"""A schedule's command: what it says becomes a prompt; it is adopted, stopped, limited. The sandbox is a process here."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import trigger as trigger_module
from activities.trigger import Triggers
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.trees_unshared import UnsharedTrees
from airut.models.blob import Text
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import ExitStatus, LimitHit, OutputChunk, SandboxRef
from airut.models.hosts.workspace import DefaultBranch
from airut.models.schedules.firing import TriggerCleanUp, TriggerInput, TriggerResult
from tests.activities.agent_bench import Configured, Tree
from tests.support.fake_sandbox import FakeSandboxes

FOLDER = "web/schedule/nightly.20260329T010000000000Z"
ORDER = TriggerInput(
    repo="web",
    name="nightly",
    folder=FOLDER,
    attempt=1,
    image="i",
    policy=DefaultBranch(name="main", commit="c" * 40),
    command=("true",),
    timeout_s=600,
    output_limit=100,
)


class Limited(FakeSandboxes):
    """Every command is ended by this limit of the sandbox."""

    def __init__(self, limit: LimitHit) -> None:
        super().__init__()
        self._limit = limit

    async def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        async for chunk in super().follow(ref, offset):
            if chunk.exit is not None:
                chunk = chunk.model_copy(update={"exit": ExitStatus(code=130, limit=self._limit)})
            yield chunk


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folders = ThreadFolders(state=folder)
        self.folders.of(FOLDER).make()
        self.workspace = self.folders.of(FOLDER).workspace
        self.workspace.mkdir()
        self.sandboxes = FakeSandboxes()
        self.blobs = LocalBlobStore(folder / "blobs")
        self.environment = self.attempt(1)

    def attempt(self, number: int) -> ActivityEnvironment:
        environment = ActivityEnvironment()
        environment.info = replace(ActivityEnvironment.default_info(), scheduled_time=datetime.now(UTC), attempt=number)
        return environment

    @property
    def triggers(self) -> Triggers:
        return Triggers(
            self.folders,
            self.sandboxes,
            UnsharedTrees(enter=()),
            Tree({}),
            self.blobs,
            Configured(),
            redactor=Redactor({"s3cret-value": "***"}),
        )

    def start(self, *command: str, **more: object) -> asyncio.Task[TriggerResult]:
        order = ORDER.model_copy(update={"command": command, **more})
        return asyncio.ensure_future(self.environment.run(self.triggers.run_trigger, order))

    async def until(self, text: str) -> None:
        log = self.workspace / "log"
        async with asyncio.timeout(60):
            while not log.exists() or text not in log.read_text():
                await asyncio.sleep(0.02)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(trigger_module, "GRACE", 0.5)  # twenty seconds would only make the test slow
    made = Bench(tmp_path)
    yield made
    await made.attempt(9).run(made.triggers.clean_up_trigger, TriggerCleanUp(folder=FOLDER, attempts=2))


@pytest.mark.parametrize("command", [("true",), ("echo",), ("printf", r"  \n\n")])
async def test_a_command_with_nothing_to_say_has_no_prompt(bench: Bench, command: tuple[str, ...]) -> None:
    assert await bench.start(*command) == TriggerResult(code=0)


async def test_what_it_says_is_the_prompt(bench: Bench) -> None:
    result = await bench.start("sh", "-c", "echo warning >&2; echo two are outdated")
    assert result == TriggerResult(code=0, prompt=Text(inline="two are outdated\n"))


async def test_no_secret_is_in_the_prompt(bench: Bench) -> None:
    assert (await bench.start("echo", "it is s3cret-value")).prompt == Text(inline="it is ***\n")


async def test_no_shell_reads_the_command(bench: Bench) -> None:
    result = await bench.start("echo", "$HOME; rm -rf *")
    assert result.prompt == Text(inline="$HOME; rm -rf *\n")


async def test_it_runs_in_the_checkout(bench: Bench) -> None:
    (bench.workspace / "hello").write_text("from the repository")
    assert (await bench.start("cat", "hello")).prompt == Text(inline="from the repository")


async def test_long_output_is_cut_on_a_character_boundary(bench: Bench) -> None:
    script = "import sys; sys.stdout.buffer.write('a'.encode() + 'ü'.encode() * 3000)"
    result = await bench.start(sys.executable, "-c", script)
    assert result.prompt == Text(inline="a" + "ü" * 49 + "\n[cut at 100 bytes of 5.9 KiB]")


async def test_output_beyond_the_inline_limit_lies_in_the_blob_store(bench: Bench) -> None:
    result = await bench.start(sys.executable, "-c", "print('x' * 20000)", output_limit=30_000)
    assert result.prompt is not None
    assert result.prompt.blob is not None
    assert await bench.blobs.get(result.prompt.blob) == b"x" * 20_000 + b"\n"


async def test_a_failure_is_for_the_agent_to_look_into(bench: Bench) -> None:
    result = await bench.start("sh", "-c", "echo half; echo no such file >&2; exit 3")
    assert result.code == 3
    assert result.prompt == Text(
        inline="The command of the schedule `nightly` failed. Find out why this failed.\n\n"
        "Command: `sh -c 'echo half; echo no such file >&2; exit 3'`\n"
        "Ended: exit code 3\n\n"
        "Standard output:\n```\nhalf\n```\n\n"
        "Standard error:\n```\nno such file\n```"
    )


async def test_a_command_that_is_not_there(bench: Bench) -> None:
    result = await bench.start("nonesuch")
    assert result.code == 127
    assert "exit code 127" in str(result.prompt)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (LimitHit.TIME, "its time limit of 10 min was reached"),
        (LimitHit.OUTPUT, "the sandbox's limit of output was reached"),
    ],
)
async def test_a_command_that_runs_into_a_limit(bench: Bench, limit: LimitHit, words: str) -> None:
    bench.sandboxes = Limited(limit)
    result = await bench.start("echo", "half")
    assert result.prompt is not None
    assert f"Ended: {words}\n" in (result.prompt.inline or "")
    assert "half" in (result.prompt.inline or "")


async def test_a_stop_ends_the_command(bench: Bench) -> None:
    task = bench.start("sh", "-c", "echo x > log; trap '' INT; while true; do sleep 0.1; done")
    await bench.until("x")
    bench.environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    with pytest.raises(ApplicationError) as raised:
        await task
    assert (raised.value.type, raised.value.non_retryable) == ("stopped", True)


async def test_a_worker_that_shuts_down_leaves_it_and_the_next_one_adopts_it(bench: Bench) -> None:
    command = ("sh", "-c", "echo one; echo x >> log; sleep 2; echo two; echo y >> log")
    task = bench.start(*command)
    await bench.until("x")
    bench.environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(ApplicationError, match="runs on") as raised:
        await task
    assert not raised.value.non_retryable
    bench.environment = bench.attempt(2)
    result = await bench.start(*command)
    assert (bench.workspace / "log").read_text() == "x\ny\n"  # it ran once
    assert result.prompt == Text(inline="one\ntwo\n")  # and nothing that it said was lost


async def test_a_lost_sandbox_is_for_the_workflow_to_count(bench: Bench) -> None:
    task = bench.start("sh", "-c", "echo x > log; exec sleep 30")
    await bench.until("x")
    (run,) = bench.sandboxes._runs
    await bench.sandboxes.cut_off(SandboxRef(sandbox_id=run, container="c", folder=bench.workspace))
    with pytest.raises(ApplicationError) as raised:
        await task
    assert (raised.value.type, raised.value.non_retryable) == ("sandbox_lost", True)


async def test_clean_up_leaves_nothing_and_can_be_done_twice(bench: Bench) -> None:
    await bench.start("sh", "-c", "mkdir full; touch full/file; ln -s / link")
    order = TriggerCleanUp(folder=FOLDER, attempts=2)
    for _ in range(2):
        await bench.environment.run(bench.triggers.clean_up_trigger, order)
    assert not bench.folders.of(FOLDER).root.exists()
    assert Path("/etc").is_dir()
