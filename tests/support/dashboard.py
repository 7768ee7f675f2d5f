"""The dashboard's application in front of ports that a test fills: no server, no Temporal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from temporalio.converter import PayloadCodec

from airut.adapters.archives_local import LocalArchives
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.health_local import LocalHealthBoard
from airut.adapters.logins_sqlite import SqliteLogins
from airut.adapters.recordings import FolderRecording
from airut.config.editing.configuration import ConfigurationFiles
from airut.config.generation_reports import ProcessReport
from airut.config.schema import Config
from airut.dashboard.app import create_app
from airut.dashboard.pages import Page
from airut.dashboard.ports import Ports
from airut.dashboard.registry import PAGES
from airut.models.audit import AuditEvent
from airut.models.command import AnswerOrder, ThreadCommand
from airut.models.ledger import DaySpent
from airut.models.login import Role
from airut.models.progress import RunProgress
from airut.models.retry import RetryOrder
from airut.models.steering import TaskStatus
from airut.models.thread import ThreadStatus
from airut.ports.cost_records import CostRow, Costs
from airut.ports.host_directory import HostRow
from airut.ports.task_records import TaskDetail, TaskRow
from airut.ports.thread_control import ThreadAway, ThreadGone
from airut.ports.thread_directory import DirectoryUnavailable, ThreadFilter, ThreadPage, ThreadRow

ORIGIN = "http://127.0.0.1:5200"


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


@dataclass
class Threads:
    """Implements `airut.ports.thread_control.ThreadControl`: threads that a test describes."""

    known: dict[str, ThreadStatus] = field(default_factory=dict)
    away: bool = False
    told: list[ThreadCommand] = field(default_factory=list)

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
        await self.status(thread)
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
class Hosts:
    """Implements `airut.ports.host_directory.HostDirectory`."""

    rows: tuple[HostRow, ...] = ()
    away: str = ""

    async def hosts(self) -> tuple[HostRow, ...]:
        if self.away:
            raise DirectoryUnavailable(self.away)
        return self.rows


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


def config_of(folder: Path, **dashboard: Any) -> Config:
    """Two repositories, with this section `dashboard`."""
    repo = {
        "url": "https://git.example.org/acme/web.git",
        "agent": {"auth": {"api_key": "sk-ant-api03-no-model-is-asked-here"}},
        "channels": {"console": {}},
    }
    return Config.model_validate(
        {
            "config_version": 1,
            "state_dir": folder,
            "repos": {"web": repo, "docs": {**repo, "url": "https://git.example.org/acme/docs.git"}},
            "dashboard": dashboard,
        }
    )


@dataclass
class RecordedTrail:
    """Implements `airut.ports.audit.AuditTrail`: keeps what it is told."""

    events: list[AuditEvent] = field(default_factory=list)

    async def record(self, event: AuditEvent) -> None:
        self.events.append(event)


@dataclass
class Served:
    """A dashboard, and what stands behind it. `config` may be replaced while it runs."""

    config: Config | None
    logins: SqliteLogins
    folder: Path
    threads: ListedThreads = field(default_factory=ListedThreads)
    control: Threads = field(default_factory=Threads)
    tasks: Tasks = field(default_factory=Tasks)
    trail: RecordedTrail = field(default_factory=RecordedTrail)
    hosts: Hosts = field(default_factory=Hosts)
    costs: CostBook = field(default_factory=CostBook)
    generations: tuple[ProcessReport, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    pages: Sequence[Page] = PAGES
    codec: PayloadCodec | None = None

    @classmethod
    def at(cls, folder: Path, **dashboard: Any) -> "Served":
        config = config_of(folder, **dashboard)
        return cls(config, SqliteLogins(config.logins), folder)

    @property
    def file(self) -> Path:
        """`airut.yaml`; there is none until a test writes one."""
        return self.folder / "airut.yaml"

    @property
    def dotenv(self) -> Path:
        return self.folder / ".env"

    @property
    def blobs(self) -> LocalBlobStore:
        return LocalBlobStore(self.folder / "blobs")

    @property
    def archives(self) -> LocalArchives:
        return LocalArchives(self.folder / "archives")

    def ports(self) -> Ports:
        return Ports(
            config=lambda: self.config,
            logins=self.logins,
            threads=self.threads,
            control=self.control,
            tasks=self.tasks,
            progress=self.tasks,
            blobs=self.blobs,
            archives=self.archives,
            files=ConfigurationFiles(self.file, {}),
            trail=self.trail,
            output=lambda thread, task: FolderRecording(self.folder, thread, task),
            hosts=self.hosts,
            costs=self.costs,
            health=self.health,
            generations=lambda: self.generations,
            clock=lambda: self.now,
            codec=self.codec,
            namespace="airut",
        )

    @property
    def health(self) -> LocalHealthBoard:
        """What processes have told."""
        return LocalHealthBoard(self.folder / "health")

    def goes_away(self, why: str) -> None:
        """As Temporal does."""
        self.threads.away = self.hosts.away = self.costs.away = self.tasks.away = why
        self.control.away = True

    def browser(self, base: str = ORIGIN) -> httpx.AsyncClient:
        """Keeps cookies, and follows no redirect by itself."""
        transport = httpx.ASGITransport(create_app(self.ports(), self.pages))
        return httpx.AsyncClient(transport=transport, base_url=base, headers={"Sec-Fetch-Site": "same-origin"})

    async def logged_in(self, role: Role, base: str = ORIGIN) -> httpx.AsyncClient:
        """A browser that has opened a one-time link of this role."""
        browser = self.browser(base)
        answer = await browser.post(
            "/login", data={"key": self.logins.new_link("link:ann", role), **await form(browser)}
        )
        assert answer.status_code == 303, answer.text
        return browser


async def form(browser: httpx.AsyncClient, path: str = "/login") -> dict[str, str]:
    """The hidden field that every form of a page has."""
    page = (await browser.get(path)).text
    return {"csrf": page.split('name="csrf" value="')[1].split('"')[0]}
