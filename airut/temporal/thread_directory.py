"""Threads from Temporal's visibility, page by page."""

import asyncio
import base64
import binascii
import hashlib
from datetime import UTC

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus

from airut import contracts
from airut.models.threads.thread import ThreadPhase
from airut.ports.thread_directory import ThreadFilter, ThreadPage, ThreadRow
from airut.temporal.directory_errors import LIMIT, unavailable

SEARCHED = 2000
"""Threads that one search by text looks through, in about a second; subjects are no search attribute, since those are
never encrypted."""

SEARCH_PAGE = 500

MARK = 6
"""Bytes of a cursor's digest."""

OURS = f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND ExecutionStatus != 'ContinuedAsNew'"
ENDED = "ExecutionStatus != 'Running'"
OPEN = "ExecutionStatus = 'Running'"


class TemporalThreadDirectory:
    """Implements `airut.ports.thread_directory.ThreadDirectory`; the client may be one that has not connected yet."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def threads(self, wanted: ThreadFilter, cursor: str = "", limit: int = 50) -> ThreadPage:
        query, token = query_of(wanted), _token(cursor)
        if not wanted.text:
            rows, token = await self._page(query, token, limit)
            return ThreadPage(rows=_newest(rows), next_cursor=_cursor(token), looked_at=len(rows))
        found: list[ThreadRow] = []
        looked_at = 0
        while True:
            rows, token = await self._page(query, token, SEARCH_PAGE)
            looked_at += len(rows)
            found += [row for row in rows if wanted.text.casefold() in f"{row.subject}\n{row.thread}".casefold()]
            if token is None or len(found) >= limit or looked_at >= SEARCHED:
                return ThreadPage(rows=_newest(found), next_cursor=_cursor(token), looked_at=looked_at)

    async def counts(self, repo: str = "") -> dict[str, int]:
        states = [ThreadPhase.RUNNING, ThreadPhase.PAUSED, ThreadPhase.IDLE]
        queries = [query_of(ThreadFilter(repo=repo, state=state)) for state in (*states, ThreadPhase.ENDED)]
        with unavailable():
            async with asyncio.timeout(LIMIT.total_seconds()):
                found = await asyncio.gather(
                    *(self._client.count_workflows(query, rpc_timeout=LIMIT) for query in queries)
                )
        return {str(state): each.count for state, each in zip((*states, ThreadPhase.ENDED), found, strict=True)}

    async def exists(self, thread: str) -> bool:
        with unavailable():
            query = f"{OURS} AND WorkflowId = {_quoted(thread)}"
            return (await self._client.count_workflows(query, rpc_timeout=LIMIT)).count > 0

    async def _page(self, query: str, token: bytes | None, size: int) -> tuple[list[ThreadRow], bytes | None]:
        with unavailable():
            async with asyncio.timeout(LIMIT.total_seconds()):
                pages = self._client.list_workflows(query, page_size=size, next_page_token=token, rpc_timeout=LIMIT)
                await pages.fetch_next_page()
                rows = [await _row(execution) for execution in pages.current_page or ()]
        return rows, pages.next_page_token or None


def query_of(wanted: ThreadFilter) -> str:
    """The visibility query of a filter, without its text. Pure."""
    parts = [OURS]
    for attribute, value in (
        (contracts.REPO, wanted.repo),
        (contracts.CHANNEL, wanted.channel),
        (contracts.OUTCOME, wanted.outcome),
        (contracts.AUTHOR, wanted.author),
    ):
        if value:
            parts.append(f"{attribute.name} = {_quoted(value)}")
    if wanted.host:
        parts.append(f"{contracts.HOST.name} = {_quoted(wanted.host)} AND {OPEN}")
    if wanted.state == ThreadPhase.ENDED:
        parts.append(ENDED)
    elif wanted.state:
        parts.append(f"{contracts.STATE.name} = {_quoted(wanted.state)} AND {OPEN}")
    if wanted.since is not None:
        parts.append(f"StartTime >= '{wanted.since.astimezone(UTC).isoformat()}'")
    if wanted.until is not None:
        parts.append(f"StartTime < '{wanted.until.astimezone(UTC).isoformat()}'")
    return " AND ".join(parts)


def _quoted(value: str) -> str:
    """A value as SQL has it, so that none can become a part of the query."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


async def _row(execution: WorkflowExecution) -> ThreadRow:
    found = execution.typed_search_attributes
    ended = execution.status is not WorkflowExecutionStatus.RUNNING
    try:
        subject = await execution.memo_value(contracts.SUBJECT, "", type_hint=str)
    except Exception:  # encrypted with a key that is gone, or another version's: the id still names the thread
        subject = ""
    return ThreadRow(
        thread=execution.id,
        repo=found.get(contracts.REPO) or "",
        channel=found.get(contracts.CHANNEL) or "",
        author=found.get(contracts.AUTHOR) or "",
        subject=subject,
        state="ended" if ended else found.get(contracts.STATE) or "",
        host=found.get(contracts.HOST) or "",
        outcome=found.get(contracts.OUTCOME) or "",
        cost_usd=found.get(contracts.COST) or 0.0,
        pull_request=found.get(contracts.PULL_REQUEST) or "",
        started_at=execution.start_time,
        ended_at=execution.close_time,
    )


def _newest(rows: list[ThreadRow]) -> tuple[ThreadRow, ...]:
    """A thread that had ended and was begun again is there twice; its newest life is the thread."""
    seen: dict[str, ThreadRow] = {}
    for row in rows:
        seen.setdefault(row.thread, row)
    return tuple(seen.values())


def _cursor(token: bytes | None) -> str:
    """With a short digest: a server takes what is none of its own for its own fault, and is asked again and again."""
    return base64.urlsafe_b64encode(_mark(token) + token).decode().rstrip("=") if token else ""


def _token(cursor: str) -> bytes | None:
    if not cursor:
        return None
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        told = b""
    mark, token = told[:MARK], told[MARK:]
    if not token or mark != _mark(token):
        raise ValueError("this cursor is none of ours; begin without one")
    return token


def _mark(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()[:MARK]
