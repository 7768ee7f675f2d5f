"""Following an agent: limits, stop, detach, adoption. The sandbox is a process of this machine, the agent a shell."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import disk as disk_module
from activities import watch as watch_module
from activities.agent import AgentRuns
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.claude_code.agent import ClaudeSessions
from airut.adapters.trees_unshared import UnsharedTrees
from airut.models.agent import AgentCommand, AgentProgress, AgentRun
from airut.models.folders import ThreadFolders
from airut.models.outcome import AgentOutcome, AgentVerdict, LostRun, Usage
from airut.models.repository import AgentSettings, PullRequestSettings, RepositorySecrets
from airut.models.sandbox import ExitStatus, Limits, SandboxRef, sandbox_id
from airut.models.settings import ThreadSettings
from airut.models.task import AgentInput, AgentResult, EndIntent, TaskInput
from airut.models.workspace import DefaultBranch, Push, PushSpec, TreeFile
from tests.support.fake_sandbox import FakeSandboxes
from tests.support.messages import mail

MESSAGE = mail("do it")
TASK = TaskInput(
    thread=MESSAGE.thread, repo="web", channel=MESSAGE.channel, number=1, messages=(MESSAGE,), session_id="s"
)
ORDER = AgentInput(task=TASK, attempt=1, image="i", policy=DefaultBranch(name="main", commit="c" * 40), base="c" * 40)


class Shell:
    """An agent that is a shell script; its output lines are its texts, and each costs a quarter of a dollar."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.runs: list[AgentRun] = []

    def command(self, run: AgentRun) -> AgentCommand:
        self.runs.append(run)
        return AgentCommand(argv=("sh", "-c", self.script), stdin=run.prompt, environment={})

    def progress(self, before: AgentProgress, lines: bytes) -> AgentProgress:
        said = tuple(lines.decode().split())
        return before.model_copy(
            update={
                "texts": before.texts + said,
                "events": before.events + len(said),
                "usage": before.usage + Usage(cost_usd=0.25 * len(said)),
                "first_answer": before.first_answer or next(iter(said), None),
            }
        )

    def verdict(self, progress: AgentProgress, exit_status: ExitStatus, stderr: str) -> AgentVerdict:
        outcome = AgentOutcome.DONE if exit_status.code == 0 else AgentOutcome.FAILED
        return AgentVerdict(outcome=outcome, text=" ".join(progress.texts), detail=stderr.strip())


class Known(ClaudeSessions):
    """Every session holds these entries."""

    def __init__(self, *entries: str) -> None:
        self._entries = entries

    def holds(self, home: Path, session_id: str, entry: str) -> bool:
        return entry in self._entries


class Tree:
    """A mirror that holds these files of the default branch."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    async def refresh(self, repo: str) -> DefaultBranch:
        raise NotImplementedError

    async def read_tree(self, repo: str, commit: str, path: str) -> tuple[TreeFile, ...]:
        content = self._files.get(path)
        return () if content is None else (TreeFile(path=path, mode=0o100644, content=content.encode()),)

    async def clone(self, repo: str, branch: DefaultBranch, workspace: Path) -> str:
        raise NotImplementedError

    async def publish(self, spec: PushSpec, bundle: bytes) -> Push | None:
        raise NotImplementedError


@dataclass
class Configured:
    """One repository with these limits."""

    limit: Limits = field(default_factory=Limits)

    def limits(self, repo: str) -> Limits:
        return self.limit

    def thread(self, repo: str) -> ThreadSettings:
        return ThreadSettings()

    def agent(self, repo: str) -> AgentSettings:
        return AgentSettings(binary=Path("/opt/claude/claude"), slug="acme/web")

    def pull_request(self, repo: str) -> PullRequestSettings:
        return PullRequestSettings()

    def secrets(self, repo: str, thread: str) -> RepositorySecrets:
        return RepositorySecrets(environment={}, credentials=())


class Bench:
    """An AgentRuns on fakes, and Temporal's environment of one activity attempt."""

    def __init__(self, folder: Path) -> None:
        self.folders = ThreadFolders(state=folder)
        self.folders.of(TASK.thread).make()
        self.folders.of(TASK.thread).workspace.mkdir()
        self.sandboxes = FakeSandboxes()
        self.configured = Configured()
        self.blobs = LocalBlobStore(folder / "blobs")
        self.shell = Shell("true")
        self.sessions = Known()
        self.tree = Tree({"CLAUDE.md": "Use tabs."})
        self.environment = ActivityEnvironment()
        self.beats: list[object] = []
        self.environment.on_heartbeat = lambda *details: self.beats.extend(details)
        self.environment.info = replace(ActivityEnvironment.default_info(), scheduled_time=datetime.now(UTC))

    def start(self, script: str, order: AgentInput = ORDER) -> asyncio.Task[AgentResult]:
        self.shell.script = script
        runs = AgentRuns(
            self.folders,
            self.sandboxes,
            self.shell,
            self.tree,
            self.blobs,
            self.configured,
            self.sessions,
            UnsharedTrees(enter=()),
        )
        return asyncio.ensure_future(self.environment.run(runs.run_agent, order))

    async def until(self, text: str) -> None:
        """Wait until the agent has written this to the workspace's file `log`."""
        log = self.folders.of(TASK.thread).workspace / "log"
        async with asyncio.timeout(10):
            while not log.exists() or text not in log.read_text():
                await asyncio.sleep(0.02)


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    at_once = EndIntent(tool_grace_s=0.0, kill_after_s=0.3)  # half a minute would only make the test slow
    monkeypatch.setattr(watch_module, "AT_ONCE", at_once)
    monkeypatch.setattr(watch_module, "LAST_GRACE", 0.5)
    made = Bench(tmp_path)
    yield made
    await made.sandboxes.remove(sandbox_id(TASK.id, 1))


async def test_an_ended_run_brings_home_words_and_files(bench: Bench) -> None:
    outbox = bench.folders.of(TASK.thread).outbox
    (outbox / "report.txt").write_text("numbers")
    result = await bench.start("echo Hello; echo World")
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "Hello World")
    assert [(file.name, await bench.blobs.get(file.content)) for file in result.outbox] == [("report.txt", b"numbers")]
    (run,) = bench.shell.runs
    assert run.prompt == "Add a file\n\ndo it\n"
    assert "Use tabs." in run.system_prompt
    assert bench.beats


async def test_a_stop_interrupts_and_tells_what_was_done(bench: Bench) -> None:
    task = bench.start("echo begun; echo x > log; exec sleep 30")
    await bench.until("x")
    bench.environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    result = await task
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.STOPPED, "begun")


async def test_an_agent_that_fills_the_disk_is_ended_and_the_largest_folders_are_named(bench: Bench) -> None:
    bench.configured.limit = Limits(disk=3 * 1024**2)
    script = "mkdir big; head -c 4194304 /dev/zero > big/file; echo begun; echo x > log; exec sleep 30"
    bench.folders.of(TASK.thread).workspace.joinpath("old").mkdir()
    bench.folders.of(TASK.thread).workspace.joinpath("old", "file").write_bytes(b"x" * 1024**2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(disk_module, "EVERY", 0.2)
        result = await bench.start(script)
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DISK_FULL, "begun")
    assert result.verdict.detail.startswith("workspace, storage and home of this conversation hold 5 MiB of 3 MiB")
    assert "workspace/big (4 MiB), workspace/old (1 MiB)" in result.verdict.detail


async def test_an_agent_that_ignores_the_interrupt_is_killed(bench: Bench) -> None:
    task = bench.start("trap '' INT TERM; echo x > log; while true; do sleep 0.1; done")
    await bench.until("x")
    bench.environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    assert (await task).verdict.outcome is AgentOutcome.STOPPED


async def test_a_worker_that_shuts_down_leaves_the_agent_and_the_next_one_adopts_it(bench: Bench) -> None:
    script = "echo one; echo x >> log; sleep 2; echo two; echo y >> log"
    task = bench.start(script)
    await bench.until("x")
    bench.environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(ApplicationError, match="runs on") as raised:
        await task
    assert not raised.value.non_retryable

    bench.environment = ActivityEnvironment()
    bench.environment.info = replace(ActivityEnvironment.default_info(), scheduled_time=datetime.now(UTC), attempt=2)
    result = await bench.start(script)
    log = bench.folders.of(TASK.thread).workspace / "log"
    assert log.read_text() == "x\ny\n"  # it ran once
    assert result.text.inline == "one two"  # and nothing that it said was lost


@pytest.mark.parametrize(
    ("entries", "prompt_taken"), [((), False), (("one",), True)], ids=["not in the session", "in the session"]
)
async def test_a_lost_sandbox_tells_what_it_has_cost(
    bench: Bench, entries: tuple[str, ...], prompt_taken: bool
) -> None:
    bench.sessions = Known(*entries)
    task = bench.start("echo one; echo two; sleep 0.5; echo x > log; exec sleep 30")
    await bench.until("x")
    await bench.sandboxes.cut_off(SandboxRef(sandbox_id=sandbox_id(TASK.id, 1), container="c", folder=Path("/")))
    with pytest.raises(ApplicationError, match="was cut off") as raised:
        await task
    assert (raised.value.type, raised.value.non_retryable) == ("sandbox_lost", True)
    (lost,) = raised.value.details
    assert lost == LostRun(usage=Usage(cost_usd=0.5), prompt_taken=prompt_taken, ran_s=lost.ran_s)
    assert 0.3 < lost.ran_s < 10


async def test_a_sandbox_that_never_began_has_cost_nothing(bench: Bench) -> None:
    await bench.start("true")
    with pytest.raises(ApplicationError, match="another specification") as raised:
        await bench.start("true", ORDER.model_copy(update={"base": "d" * 40}))
    assert (raised.value.type, raised.value.non_retryable, raised.value.details) == ("sandbox_lost", True, ())


async def test_an_agent_that_ended_while_nobody_watched_did_not_run_too_long(bench: Bench) -> None:
    bench.environment.info = replace(bench.environment.info, scheduled_time=datetime.now(UTC) - timedelta(days=1))
    result = await bench.start("echo done")
    assert (result.verdict.outcome, result.text.inline) == (AgentOutcome.DONE, "done")


async def test_a_defect_of_ours_is_answered_after_a_few_tries(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.shell, "progress", lambda before, lines: 1 / 0)
    for attempt, final in ((1, False), (5, True)):
        bench.environment.info = replace(bench.environment.info, attempt=attempt)
        with pytest.raises(ApplicationError, match="unexpected ZeroDivisionError") as raised:
            await bench.start("echo x")
        assert (raised.value.type, raised.value.non_retryable) == ("internal_error", final)
        assert raised.value.__cause__ is None


async def test_a_first_mail_is_read_with_what_it_quotes_and_a_later_one_without(bench: Bench) -> None:
    from airut.models.blob import Text

    forwarded = MESSAGE.model_copy(update={"text": Text(inline="see"), "uncut": Text(inline="see\n> the report")})
    for number, expected in ((1, "see\n> the report"), (2, "see")):
        task = TASK.model_copy(update={"messages": (forwarded,), "number": number})
        await bench.start("true", ORDER.model_copy(update={"task": task}))
        assert bench.shell.runs[-1].prompt == f"Add a file\n\n{expected}\n"
