"""What the dashboard's pages are given."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from temporalio.client import Client

from airut.adapters.audit import newest, told, verified
from airut.adapters.audit.thread_control import AuditedThreadControl
from airut.adapters.git.last_fetched import FetchedMirrors
from airut.adapters.logins_sqlite import SqliteLogins
from airut.adapters.recordings import FolderRecording
from airut.config.editing.configuration import ConfigurationFiles
from airut.config.generation_reports import reports
from airut.config.places import find_config
from airut.config.schema import Config
from airut.dashboard.ports import Ports
from airut.temporal.cost_records import TemporalCostRecords
from airut.temporal.directory_errors import LIMIT, unavailable
from airut.temporal.host_directory import TemporalHostDirectory
from airut.temporal.run_progress import TemporalRunProgress
from airut.temporal.schedule_view import ScheduleRow, schedule_rows
from airut.temporal.schedules import configured_tasks
from airut.temporal.task_records import TemporalTaskRecords
from airut.temporal.thread_control import TemporalThreadControl
from airut.temporal.thread_directory import TemporalThreadDirectory
from airut.temporal.threads import TemporalThreads
from workers.audit_wiring import audit_log
from workers.wiring import blob_store, health_board, shared_stores


def dashboard_ports(config: Config, client: Client, present: Callable[[], Config] | None = None) -> Ports:
    """`client` may be one that has not connected yet; `present` gives the configuration as it is at the moment."""
    audit = audit_log(config, present)

    async def schedules(repo: str) -> Sequence[ScheduleRow]:
        configured = configured_tasks((present or (lambda: config))(), datetime.now(UTC))
        with unavailable():
            async with asyncio.timeout(LIMIT.total_seconds()):
                return await schedule_rows(client, [task for task in configured if task.repo == repo])

    return Ports(
        config=present or (lambda: config),
        logins=SqliteLogins(config.logins),
        threads=TemporalThreadDirectory(client),
        control=AuditedThreadControl(TemporalThreadControl(client), audit),
        deliver=TemporalThreads(client).deliver,
        trail=audit,
        entries=lambda before: newest(config.audit_file, before),
        verdict=lambda: told(verified(config.audit_file), config.audit_file),
        tasks=TemporalTaskRecords(client),
        progress=TemporalRunProgress(client),
        blobs=blob_store(config),
        archives=shared_stores(config).archives,
        files=ConfigurationFiles(find_config(None)),  # the process's own: it has set AIRUT_CONFIG
        output=lambda thread, task: FolderRecording(config.state, thread, task),
        codec=client.data_converter.payload_codec,
        namespace=client.namespace,
        fetched=FetchedMirrors(config.state / "mirrors"),
        hosts=TemporalHostDirectory(client),
        costs=TemporalCostRecords(client),
        schedules=schedules,
        health=health_board(config),
        generations=lambda: reports(config.state),
    )
