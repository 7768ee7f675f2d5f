"""What stands behind the dashboard in tests: each port as a test fills it."""

from dataclasses import dataclass, field
from datetime import datetime

from airut.models.budgets.ledger import DaySpent
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.retry import RetryOrder
from airut.models.telemetry.audit import AuditEvent
from airut.models.threads.command import AnswerOrder, ThreadCommand
from airut.models.threads.message import InboundMessage
from airut.models.threads.steering import TaskStatus
from airut.models.threads.thread import ThreadStatus
from airut.ports.cost_records import CostRow, Costs
from airut.ports.host_directory import HostRow
from airut.ports.task_records import TaskDetail, TaskRow
from airut.ports.thread_control import ThreadAway, ThreadGone, ThreadRefused
from airut.ports.thread_directory import DirectoryUnavailable, ThreadFilter, ThreadPage, ThreadRow


@dataclass
class ListedThreads:
    """Implements `airut.ports.thread_directory.ThreadDirectory`: what a test lists, filtered by repository and state alone."""

    rows: list[ThreadRow] = field(default_factory=list)
    away: str = ""
    """Set while Temporal is away."""
    asked: list[ThreadFilter] = field(default_factory=list)

    async def threads(self, wanted: ThreadFilter, cursor: str = "", limit: int = 50) -> ThreadPage:
        if self.away:
            raise DirectoryUnavailable(self.away)
        self.asked.append(wanted)
        found = [row for row in self.rows if wanted.repo in {"", row.repo} and wanted.state in {"", row.state}]
        begin = int(cursor or 0)
        more = str(begin + limit) if len(found) > begin + limit else ""
        return ThreadPage(rows=tuple(found[begin : begin + limit]), next_cursor=more, looked_at=len(found))

    async def counts(self, repo: str = "") -> dict[str, int]:
        if self.away:
            raise DirectoryUnavailable(self.away)
        found = [row.state for row in self.rows if repo in {"", row.repo}]
        return {state: found.count(state) for state in sorted(set(found))}

    async def exists(self, thread: str) -> bool:
        if self.away:
            raise DirectoryUnavailable(self.away)
        return any(row.thread == thread for row in self.rows)


@dataclass
class Threads:
    """Implements `airut.ports.thread_control.ThreadControl`: threads that a test describes."""

    known: dict[str, ThreadStatus] = field(default_factory=dict)
    away: bool = False
    told: list[ThreadCommand] = field(default_factory=list)
    answers: list[AnswerOrder] = field(default_factory=list)

    async def status(self, thread: str) -> ThreadStatus:
        if self.away:
            raise ThreadAway("nobody answers")
        if thread not in self.known:
            raise ThreadGone
        return self.known[thread]

    async def command(self, order: ThreadCommand) -> None:
        await self.status(order.message.thread)
        self.told.append(order)

    async def retry(self, thread: str, order: RetryOrder) -> str:
        await self.status(thread)
        return f"{thread}/task-2"

    async def answer(self, thread: str, order: AnswerOrder) -> str:
        question = (await self.status(thread)).question
        if question is None or question.id != order.question_id:
            raise ThreadRefused("That question is not open any more.")
        self.answers.append(order)
        return "goes on"


@dataclass
class Tasks:
    """Implements `TaskRecords` and `RunProgressReader`: tasks that a test describes, by thread and number."""

    known: dict[tuple[str, int], TaskDetail] = field(default_factory=dict)
    statuses: dict[tuple[str, int], TaskStatus] = field(default_factory=dict)
    runs: dict[str, RunProgress] = field(default_factory=dict)
    away: str = ""

    async def tasks(self, thread: str) -> tuple[TaskRow, ...]:
        self._answers()
        numbers = sorted(number for id_, number in self.known if id_ == thread)
        return tuple(_row(self.known[thread, number]) for number in numbers)

    async def row(self, thread: str, number: int) -> TaskRow | None:
        found = await self.detail(thread, number)
        return _row(found) if found else None

    async def detail(self, thread: str, number: int) -> TaskDetail | None:
        self._answers()
        return self.known.get((thread, number))

    async def status(self, thread: str, number: int) -> TaskStatus | None:
        self._answers()
        return self.statuses.get((thread, number))

    async def of(self, task: str) -> RunProgress | None:
        self._answers()
        return self.runs.get(task)

    def _answers(self) -> None:
        if self.away:
            raise DirectoryUnavailable(self.away)


def _row(detail: TaskDetail) -> TaskRow:
    return TaskRow(**{name: getattr(detail, name) for name in TaskRow.model_fields})


@dataclass
class Conversations:
    """Takes messages, as Temporal does."""

    delivered: list[InboundMessage] = field(default_factory=list)
    refusal: Exception | None = None

    async def deliver(self, message: InboundMessage) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.delivered.append(message)


@dataclass
class Hosts:
    """Implements `airut.ports.host_directory.HostDirectory`."""

    rows: tuple[HostRow, ...] = ()
    control: bool = True
    away: str = ""

    async def hosts(self) -> tuple[HostRow, ...]:
        if self.away:
            raise DirectoryUnavailable(self.away)
        return self.rows

    async def control_polls(self) -> bool:
        if self.away:
            raise DirectoryUnavailable(self.away)
        return self.control


@dataclass
class CostBook:
    """Implements `airut.ports.cost_records.CostRecords`."""

    rows: tuple[CostRow, ...] = ()
    complete: bool = True
    days: dict[str, tuple[DaySpent, ...]] = field(default_factory=dict)
    away: str = ""

    async def costs(self, since: datetime, until: datetime, repo: str = "") -> Costs:
        if self.away:
            raise DirectoryUnavailable(self.away)
        found = [row for row in self.rows if since <= row.ended_at < until and repo in {"", row.repo}]
        return Costs(rows=tuple(found), complete=self.complete)

    async def spent(self, repo: str) -> tuple[DaySpent, ...]:
        if self.away:
            raise DirectoryUnavailable(self.away)
        return self.days.get(repo, ())


@dataclass
class RecordedTrail:
    """Implements `airut.ports.audit.AuditTrail`: keeps what it is told."""

    events: list[AuditEvent] = field(default_factory=list)

    async def record(self, event: AuditEvent) -> None:
        self.events.append(event)
