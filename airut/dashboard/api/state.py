"""`status`, `repos`, `queue`, `hosts`, `costs` and `config`: how the installation is."""

import asyncio
import json
from importlib.metadata import version
from itertools import islice

from pydantic import JsonValue
from starlette.responses import Response

from airut.dashboard.api.answers import answer, limit_of
from airut.dashboard.budgets import BudgetShare, budget_shares
from airut.dashboard.channels import channels_of, host_health
from airut.dashboard.configuration import Trouble, troubles
from airut.dashboard.operation import Operation
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.views.costs import costs_of, span_of
from airut.dashboard.waiting import Queue, queue, under_way
from airut.models.base import Model
from airut.models.login import Role
from airut.models.telemetry.audit import AuditEntry
from airut.ports.cost_records import Costs
from airut.ports.health import ChannelHealth, HostHealth
from airut.ports.host_directory import HostRow
from airut.ports.thread_directory import DirectoryUnavailable


class Status(Model):
    version: str
    temporal: str
    """`ok`, or why it does not answer."""
    threads: dict[str, int]
    """By state; empty while Temporal is away."""
    channels: tuple[ChannelHealth, ...]
    configuration: tuple[Trouble, ...]


class RepoState(Model):
    name: str
    url: str
    paused: bool
    channels: tuple[ChannelHealth, ...]
    budgets: tuple[BudgetShare, ...]


class Repos(Model):
    repos: tuple[RepoState, ...]


class HostState(Model):
    row: HostRow
    state: str
    health: HostHealth | None
    """None: it has told nothing lately."""


class Hosts(Model):
    hosts: tuple[HostState, ...]


class Configuration(Model):
    configuration: dict[str, JsonValue]
    """As it is in effect in the dashboard's process; secrets are `***`."""


class AuditEntries(Model):
    entries: tuple[AuditEntry, ...]
    next: int | None
    """For `before`; None at the end."""


async def status(visit: Visit) -> Response:
    ports, config = visit.ports, visit.ports.config()
    temporal, counts = "ok", dict[str, int]()
    try:
        counts = await ports.threads.counts()
    except DirectoryUnavailable as error:
        temporal = str(error)
    reports, now = ports.health.reports(), ports.clock()
    repos = config.repos if config else {}
    channels = tuple(each for name, repo in repos.items() for each in channels_of(name, repo, reports, now))
    return answer(
        Status(
            version=version("airut-temporal"),
            temporal=temporal,
            threads=counts,
            channels=channels,
            configuration=troubles(ports.generations()),
        )
    )


async def repos(visit: Visit) -> Response:
    config, ports = visit.config, visit.ports
    reports, now = ports.health.reports(), ports.clock()
    budgets = await asyncio.gather(*(budget_shares(ports, config, name) for name in config.repos))
    found = [
        RepoState(
            name=name,
            url=repo.url,
            paused=repo.paused,
            channels=channels_of(name, repo, reports, now),
            budgets=shares,
        )
        for (name, repo), shares in zip(config.repos.items(), budgets, strict=True)
    ]
    return answer(Repos(repos=tuple(found)))


async def queued(visit: Visit) -> Response:
    return answer(await queue(visit.ports.answers, await under_way(visit.ports.threads, visit.query.get("repo", ""))))


async def hosts(visit: Visit) -> Response:
    reports, now = visit.ports.health.reports(), visit.ports.clock()
    rows = await visit.ports.hosts.hosts()
    found = (HostState(row=row, state=row.state, health=host_health(row.host, reports, now)) for row in rows)
    return answer(Hosts(hosts=tuple(found)))


async def costs(visit: Visit) -> Response:
    return answer(await costs_of(visit, span_of(visit)))


async def config(visit: Visit) -> Response:
    found = visit.config
    text = found.redactor.text(found.model_dump_json(exclude={"vars"}))
    return answer(Configuration(configuration=json.loads(text)))


async def audit(visit: Visit) -> Response:
    before, limit = visit.query.get("before", ""), limit_of(visit)
    if before and not (before.isascii() and before.isdigit() and len(before) < 16):
        raise Problem(422, "before is the number of an entry.")
    read = visit.ports.entries(int(before) if before else None)
    found = await asyncio.to_thread(lambda: tuple(islice(read, limit)))
    return answer(AuditEntries(entries=found, next=found[-1].seq if len(found) == limit else None))


DAYS = (("since", "first day, 2026-03-02"), ("until", "last day"), ("repo", "one repository"))
AUDIT = (("before", "entries older than this number"), ("limit", "entries, 1 to 200"))

PAGES = (
    Page("/api/v1/status", status, Role.VIEWER, api=Operation("How the installation fares", Status)),
    Page("/api/v1/repos", repos, Role.VIEWER, api=Operation("Repositories with channels and budgets", Repos)),
    Page(
        "/api/v1/queue",
        queued,
        Role.VIEWER,
        api=Operation("What is under way, and what waits and why", Queue, query=(("repo", "one repository"),)),
    ),
    Page("/api/v1/hosts", hosts, Role.VIEWER, api=Operation("Sandbox hosts", Hosts)),
    Page("/api/v1/costs", costs, Role.VIEWER, api=Operation("What closed tasks have cost", Costs, query=DAYS)),
    Page(
        "/api/v1/audit",
        audit,
        Role.ADMIN,
        api=Operation("This host's audit log, newest first", AuditEntries, query=AUDIT),
    ),
    Page("/api/v1/config", config, Role.ADMIN, api=Operation("The configuration in effect", Configuration)),
)
