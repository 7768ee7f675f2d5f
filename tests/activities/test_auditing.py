"""Which steps are recorded, and with what: names, numbers and verdicts."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.audited_steps import begun, done, failed
from airut.adapters.audit import AuditLog, newest
from airut.adapters.audit.sandboxes import AuditedSandboxes
from airut.errors import AuditUnavailable
from airut.models.blob import BlobRef, Text
from airut.models.credentials.kinds import SandboxCredential
from airut.models.credentials.secret import Secret
from airut.models.hosts.sandbox import NetworkSpec, OutputChunk, SandboxRef, SandboxSignal, SandboxSpec
from airut.models.hosts.sweep import SweepMemory, SweepReport
from airut.models.hosts.workspace import DefaultBranch
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestState
from airut.models.tasks.outcome import TaskOutcome, Usage
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import PublishInput, PublishResult, ReplyInput, WorkspaceInput
from airut.models.tasks.task import ReplyRecord, TaskInput
from airut.models.telemetry.audit import AuditAction, AuditEvent
from airut.models.threads.archive import RemoveOrder
from tests.support.messages import mail

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BLOB = BlobRef(sha256="0" * 64, size=1)
MESSAGE = mail("Add a file.")
TASK = TaskInput(
    thread=MESSAGE.thread, repo="web", channel=MESSAGE.channel, number=1, session_id="s", messages=(MESSAGE,)
)  # fmt: skip
ANSWER = ReplyInput(task=TASK, at=NOW, kind=ReplyKind.ANSWER, outcome=TaskOutcome.SUCCESS, usage=Usage(cost_usd=0.5))
SENT = ReplyRecord(kind=ReplyKind.ANSWER, message_id="<1@x>", markdown=BLOB, delivered_at=NOW)
PUBLISH = PublishInput(task=TASK, policy=DefaultBranch(name="main", commit="c0"), bundle=BLOB, text=Text(inline=""))
REQUEST = PullRequestRef(number=7, url="https://x/7", head="airut/x", state=PullRequestState.OPEN)


def by_us(action: AuditAction, thing: str, **detail: object) -> AuditEvent:
    return AuditEvent.model_validate({"actor": "airut", "action": action, "object": thing, "detail": detail})


@pytest.mark.parametrize(
    ("step", "order", "result", "event"),
    [
        ("publish", PUBLISH, PublishResult(branch="b", commit="c", pull_request=REQUEST),
         by_us(AuditAction.PULL_REQUEST, TASK.id, branch="b", commit="c", url="https://x/7")),
        ("publish", PUBLISH, PublishResult(branch="b", commit="c"),
         by_us(AuditAction.PUSHED, TASK.id, branch="b", commit="c", url=None)),
        ("publish", PUBLISH, PublishResult(), None),
        ("reply", ANSWER, SENT, by_us(
            AuditAction.TASK_ENDED, TASK.id,
            outcome="success", cost_usd=0.5, messages=(MESSAGE.key,), reply="<1@x>",
        )),
        ("acknowledge", ANSWER, None, None),
        ("reply", ANSWER.model_copy(update={"kind": ReplyKind.NOTE}), SENT, None),
        ("remove_thread", RemoveOrder(thread="web/x", repo="web"), None,
         by_us(AuditAction.THREAD_REMOVED, "web/x", what="workspace, session and storage on this host")),
        ("start_thread", MESSAGE, None, AuditEvent(
            actor=MESSAGE.author, action=AuditAction.MESSAGE_ACCEPTED, object=MESSAGE.thread,
            detail={"channel": "email", "verdict": "a schedule of this installation", "key": MESSAGE.key},
        )),
        ("sweep_host", None, SweepReport(memory=SweepMemory(), threads=("web/x",)),
         by_us(AuditAction.DELETED, "this host", threads=("web/x",), sandboxes=())),
        ("sweep_host", None, SweepReport(memory=SweepMemory()), None),
        ("run_agent", TASK, None, None),
    ],
)  # fmt: skip
def test_what_a_step_has_done(step: str, order: object, result: object, event: AuditEvent | None) -> None:
    assert done(step, order, result) == event


def test_a_task_is_recorded_before_it_begins_and_when_its_answer_cannot_be_sent() -> None:
    order = WorkspaceInput(thread=TASK.thread, repo="web")
    assert begun("prepare_workspace", order, TASK.id) == by_us(
        AuditAction.TASK_STARTED, TASK.id, repo="web", thread=TASK.thread
    )
    assert begun("restore_thread", order, TASK.id) is None
    ended = failed("reply", ANSWER)
    assert ended is not None
    assert (ended.action, ended.detail["reply"]) == (AuditAction.TASK_ENDED, None)
    assert failed("publish", PUBLISH) is None


class Trail:
    def __init__(self) -> None:
        self.events: list[AuditEvent] = []
        self.full = False

    async def record(self, event: AuditEvent) -> None:
        if self.full:
            raise AuditUnavailable("full")
        self.events.append(event)


class Started:
    """Sandboxes that only count their starts."""

    def __init__(self) -> None:
        self.specs: list[SandboxSpec] = []

    async def start(self, spec: SandboxSpec) -> SandboxRef:
        self.specs.append(spec)
        return SandboxRef(sandbox_id=spec.sandbox_id, container="c", folder=spec.folder)

    def follow(self, ref: SandboxRef, offset: int) -> AsyncIterator[OutputChunk]:
        raise NotImplementedError

    async def signal(self, ref: SandboxRef, signal: SandboxSignal) -> None:
        raise NotImplementedError

    async def remove(self, sandbox_id: str) -> None:
        return


def sandbox(**network: object) -> SandboxSpec:
    return SandboxSpec(
        sandbox_id="abc", thread="web/x", task="web/x/task-1", attempt=1, repo="web", image="i", command=(), stdin="",
        environment={}, mounts=(), folder=Path("/nowhere"),
        network=NetworkSpec.model_validate({"allowlist": "domains: []", "repository": "acme/web", **network}),
    )  # fmt: skip


async def test_a_sandbox_is_recorded_with_its_policy_before_it_starts_and_once() -> None:
    trail, real = Trail(), Started()
    sandboxes = AuditedSandboxes(real, trail)
    token = SandboxCredential(
        name="NPM_TOKEN", value=Secret("npm_secret-value"), surrogate="npm_x", hosts=("registry.npmjs.org",)
    )
    await sandboxes.start(sandbox(credentials=(token,), enabled=False))
    await sandboxes.start(sandbox(credentials=(token,), enabled=False))
    policy = hashlib.sha256(b"domains: []").hexdigest()
    assert all(event.once for event in trail.events)
    assert [event.model_copy(update={"once": False}) for event in trail.events] == [
        by_us(
            AuditAction.SANDBOX_STARTED, "web/x/task-1",
            sandbox="abc", attempt=1, image="i", policy=policy, presets=("anthropic",),
        ),
        by_us(AuditAction.CREDENTIALS_GRANTED, "web/x/task-1", sandbox="abc", names=("NPM_TOKEN",)),
        by_us(AuditAction.NETWORK_OPENED, "web/x/task-1", sandbox="abc", why="network.enabled is false"),
    ]  # fmt: skip
    assert len(real.specs) == 2
    assert "npm_secret" not in repr(trail.events)


async def test_a_worker_that_takes_a_sandbox_over_records_nothing_again(tmp_path: Path) -> None:
    log, real = tmp_path / "audit.jsonl", Started()
    for _ in range(2):
        await AuditedSandboxes(real, AuditLog(log)).start(sandbox(enabled=False))
    assert [entry.action for entry in newest(log)] == ["network.opened", "sandbox.started"]
    assert len(real.specs) == 2


async def test_a_sandbox_that_cannot_be_recorded_does_not_start() -> None:
    trail, real = Trail(), Started()
    trail.full = True
    with pytest.raises(AuditUnavailable):
        await AuditedSandboxes(real, trail).start(sandbox())
    assert real.specs == []
