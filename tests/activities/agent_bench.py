"""Runs of an agent without a fence: the sandbox is a process of this machine, the agent a shell."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.agent import AgentRuns
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.claude_code.agent import ClaudeSessions
from airut.adapters.trees_unshared import UnsharedTrees
from airut.models.blob import BlobRef
from airut.models.credentials.redaction import Redactor
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.repository import AgentSettings, PullRequestSettings, RepositorySecrets
from airut.models.hosts.sandbox import ExitStatus, Limits, SandboxRef, SandboxSpec, sandbox_id
from airut.models.hosts.workspace import DefaultBranch, Push, PushSpec, TreeFile
from airut.models.tasks.agent import AgentCommand, AgentProgress, AgentRun
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, Usage
from airut.models.tasks.settings import ThreadSettings
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult, TaskInput
from tests.support.fake_sandbox import FakeSandboxes
from tests.support.gate import Gate
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
        return AgentVerdict(outcome=outcome, text=" ".join(progress.texts), usage=progress.usage, detail=stderr.strip())


class Known(ClaudeSessions):
    """Every session holds these entries, and no more."""

    def __init__(self, *entries: str) -> None:
        self._entries = entries

    def save(self, home: Path, session_id: str) -> bytes | None:
        return " ".join(self._entries).encode() or None

    def holds(self, home: Path, session_id: str, entry: str) -> bool:
        return entry in self._entries


class Tree:
    """A mirror that holds these files of the default branch."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    async def refresh(self, repo: str) -> DefaultBranch:
        raise NotImplementedError

    async def read_tree(self, repo: str, commit: str, path: str) -> tuple[TreeFile, ...]:
        below = {
            name.removeprefix(f"{path}/"): text for name, text in self._files.items() if name.startswith(f"{path}/")
        }
        found = {path.rpartition("/")[2]: self._files[path]} if path in self._files else below
        return tuple(TreeFile(path=name, mode=0o100644, content=text.encode()) for name, text in found.items())

    async def has_checkout(self, workspace: Path, after: int | None = None) -> bool:
        raise NotImplementedError

    async def clone(self, repo: str, branch: DefaultBranch, workspace: Path, after: int | None = None) -> str:
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

    def secrets(self, repo: str, thread: str, *, account: int = 0, fresh: bool = False) -> RepositorySecrets:
        return RepositorySecrets(environment={}, credentials=())


class Gated(LocalBlobStore):
    """Puts nothing before it is let."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate = Gate()

    async def put(self, content: bytes) -> BlobRef:
        await self.gate.passed()
        return await super().put(content)


class Slow(FakeSandboxes):
    """Starts nothing before it is let, or has started it and does not say so."""

    def __init__(self, *, made: bool) -> None:
        super().__init__()
        self.gate = Gate()
        self._made = made

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        if self._made:
            ref = await super().start(spec)
            await self.gate.passed()
            return ref
        await self.gate.passed()
        return await super().start(spec)


class Bench:
    """An AgentRuns on fakes, and Temporal's environment of one activity attempt."""

    def __init__(self, folder: Path) -> None:
        self.folders = ThreadFolders(state=folder)
        self.folders.of(TASK.thread).make()
        self.folders.of(TASK.thread).workspace.mkdir(exist_ok=True)
        self.sandboxes: FakeSandboxes = FakeSandboxes()
        self.configured = Configured()
        self.blobs: LocalBlobStore = LocalBlobStore(folder / "blobs")
        self.shell = Shell("true")
        self.sessions = Known()
        self.redactor = Redactor()
        self.tree = Tree({"CLAUDE.md": "Use tabs."})
        self.environment = ActivityEnvironment()
        self.beats: list[dict[str, object]] = []
        self.environment.on_heartbeat = lambda *details: self.beats.extend(details)
        self.environment.info = replace(ActivityEnvironment.default_info(), scheduled_time=datetime.now(UTC))

    def attempt(self, number: int) -> None:
        self.environment = ActivityEnvironment()
        info = ActivityEnvironment.default_info()
        self.environment.info = replace(info, scheduled_time=datetime.now(UTC), attempt=number)

    def runs(self) -> AgentRuns:
        return AgentRuns(
            self.folders,
            self.sandboxes,
            self.shell,
            self.tree,
            self.blobs,
            self.configured,
            self.sessions,
            UnsharedTrees(enter=()),
            redactor=self.redactor,
        )

    def start(self, script: str, order: AgentInput = ORDER) -> asyncio.Task[AgentResult]:
        self.shell.script = script
        return asyncio.ensure_future(self.environment.run(self.runs().run_agent, order))

    def ref_of(self, order: AgentInput) -> SandboxRef:
        id_ = sandbox_id(order.task.id, order.attempt)
        folder = self.folders.of(order.task.thread).task(order.task.number, order.attempt)
        return SandboxRef(sandbox_id=id_, container=f"airut-{id_}", folder=folder)

    async def until(self, text: str) -> None:
        """Wait until the agent has written this to the workspace's file `log`."""
        log = self.folders.of(TASK.thread).workspace / "log"
        async with asyncio.timeout(60):
            while not log.exists() or text not in log.read_text():
                await asyncio.sleep(0.02)
