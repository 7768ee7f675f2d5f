"""Threads from Temporal's visibility."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.adapters.blobs_local import LocalBlobStore
from airut.config.schema import TemporalSettings
from airut.demo.ports import free_port
from airut.ports.thread_directory import DirectoryUnavailable, ThreadFilter, ThreadRow
from airut.temporal.connection import connect
from airut.temporal.thread_directory import TemporalThreadDirectory, query_of

REPO = "listed"


async def start(client: Client, name: str, subject: str, author: str, state: str) -> None:
    """A thread as far as visibility knows it; nothing of ours runs it."""
    pairs = [
        (contracts.REPO, REPO),
        (contracts.CHANNEL, "console"),
        (contracts.AUTHOR, author),
        (contracts.STATE, state),
    ]
    await client.start_workflow(
        contracts.THREAD_WORKFLOW,
        id=f"{REPO}/console/{name}",
        task_queue="nobody",
        memo={contracts.SUBJECT: subject},
        search_attributes=TypedSearchAttributes([SearchAttributePair(key, value) for key, value in pairs]),
    )


@pytest.fixture(scope="module")
async def directory(temporal: WorkflowEnvironment) -> AsyncIterator[TemporalThreadDirectory]:
    """Five threads: of two people, one paused, one over. None outlasts the tests: nobody works on them."""
    for number, (subject, author, state) in enumerate(
        (
            ("Fix the login", "ann@example.com", "idle"),
            ("Add a log", "bob@example.com", "running"),
            ("Größere Schrift", "o'brien@example.com", "paused"),
            ("Fix the build", "ann@example.com", "idle"),
            ("Over", "ann@example.com", "idle"),
        )
    ):
        await start(temporal.client, str(number), subject, author, state)
    await temporal.client.get_workflow_handle(f"{REPO}/console/4").terminate()
    found = TemporalThreadDirectory(temporal.client)
    async with asyncio.timeout(60):  # visibility lags by a second or so
        while (await found.counts(REPO)) != {"running": 1, "paused": 1, "idle": 2, "ended": 1}:
            await asyncio.sleep(0.1)
    yield found
    for number in range(4):
        await temporal.client.get_workflow_handle(f"{REPO}/console/{number}").terminate()


async def names(directory: TemporalThreadDirectory, wanted: dict[str, str]) -> set[str]:
    page = await directory.threads(ThreadFilter.model_validate({"repo": REPO, **wanted}))
    return {row.thread.rpartition("/")[2] for row in page.rows}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, {"0", "1", "2", "3", "4"}),
        ({"state": "idle"}, {"0", "3"}),
        ({"state": "ended"}, {"4"}),
        ({"author": "o'brien@example.com"}, {"2"}),
        ({"author": "x' OR AirutRepo = 'listed"}, set()),
        ({"author": "x\\' OR AirutRepo = 'listed"}, set()),
        ({"text": "FIX the"}, {"0", "3"}),
        ({"text": "GRÖSSER"}, {"2"}),
        ({"text": "größer"}, {"2"}),
        ({"text": "console/1"}, {"1"}),
        ({"channel": "email"}, set()),
    ],
)
async def test_filters(directory: TemporalThreadDirectory, wanted: dict[str, str], found: set[str]) -> None:
    assert await names(directory, wanted) == found


async def test_a_row_has_what_a_list_shows(directory: TemporalThreadDirectory) -> None:
    page = await directory.threads(ThreadFilter(repo=REPO, state="running"))
    (row,) = page.rows
    assert row == ThreadRow(
        thread="listed/console/1", repo=REPO, channel="console", author="bob@example.com", subject="Add a log",
        state="running", outcome="", cost_usd=0.0, pull_request="", started_at=row.started_at,
    )  # fmt: skip
    assert abs((datetime.now(UTC) - row.started_at).total_seconds()) < 600


async def test_pages_follow_one_another_without_a_gap(directory: TemporalThreadDirectory) -> None:
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = await directory.threads(ThreadFilter(repo=REPO), cursor, limit=2)
        seen += [row.thread for row in page.rows]
        cursor = page.next_cursor
    assert sorted(seen) == [f"{REPO}/console/{number}" for number in range(5)]
    for wrong in ("!", "AAAA"):
        with pytest.raises(ValueError, match="this cursor is none of ours"):
            await directory.threads(ThreadFilter(), wrong)


def test_dates_are_part_of_the_query() -> None:
    since, until = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    assert query_of(ThreadFilter(since=since, until=until)).endswith(
        " AND StartTime >= '2026-03-01T00:00:00+00:00' AND StartTime < '2026-03-02T00:00:00+00:00'"
    )


async def test_a_server_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    client = await connect(TemporalSettings(port=free_port()), LocalBlobStore(tmp_path), lazy=True)
    directory = TemporalThreadDirectory(client)
    with pytest.raises(DirectoryUnavailable):
        await directory.threads(ThreadFilter())
    with pytest.raises(DirectoryUnavailable):
        await directory.counts()
