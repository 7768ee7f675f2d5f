"""The dashboard's application in front of ports that a test fills: no server, no Temporal."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from temporalio.converter import PayloadCodec

from airut.adapters.archives_local import LocalArchives
from airut.adapters.audit import AuditLog, newest, told, verified
from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.git.last_fetched import FetchedMirrors
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
from airut.models.login import Role
from airut.ports.thread_directory import DirectoryUnavailable
from airut.temporal.schedule_view import ScheduleRow
from tests.support.dashboard_ports import (
    Conversations,
    CostBook,
    Hosts,
    ListedThreads,
    RecordedTrail,
    Tasks,
    Threads,
)

ORIGIN = "http://127.0.0.1:5200"


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
class Served:
    """A dashboard, and what stands behind it. `config` may be replaced while it runs."""

    config: Config | None
    logins: SqliteLogins
    folder: Path
    threads: ListedThreads = field(default_factory=ListedThreads)
    control: Threads = field(default_factory=Threads)
    tasks: Tasks = field(default_factory=Tasks)
    trail: RecordedTrail = field(default_factory=RecordedTrail)
    conversations: Conversations = field(default_factory=Conversations)
    hosts: Hosts = field(default_factory=Hosts)
    costs: CostBook = field(default_factory=CostBook)
    schedules: tuple[ScheduleRow, ...] = ()
    generations: tuple[ProcessReport, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    pages: Sequence[Page] = PAGES
    codec: PayloadCodec | None = None
    kept_s: float = 0.0
    """A page that is loaded again shows what a test has changed meanwhile."""

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
            deliver=self.conversations.deliver,
            entries=lambda before: newest(self.folder / "audit.jsonl", before),
            tasks=self.tasks,
            progress=self.tasks,
            blobs=self.blobs,
            archives=self.archives,
            files=ConfigurationFiles(self.file, {}),
            trail=self.trail,
            verdict=lambda: told(verified(self.folder / "audit.jsonl"), self.folder / "audit.jsonl"),
            output=lambda thread, task: FolderRecording(self.folder, thread, task),
            fetched=FetchedMirrors(self.folder / "mirrors"),
            hosts=self.hosts,
            costs=self.costs,
            schedules=self._schedules,
            health=self.health,
            generations=lambda: self.generations,
            kept_s=self.kept_s,
            clock=lambda: self.now,
            codec=self.codec,
            namespace="airut",
        )

    @property
    def audit(self) -> AuditLog:
        return AuditLog(self.folder / "audit.jsonl")

    @property
    def health(self) -> LocalHealthBoard:
        """What processes have told."""
        return LocalHealthBoard(self.folder / "health")

    async def _schedules(self, repo: str) -> tuple[ScheduleRow, ...]:
        if self.threads.away:
            raise DirectoryUnavailable(self.threads.away)
        return tuple(row for row in self.schedules if row.schedule.startswith(f"{repo}/"))

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
