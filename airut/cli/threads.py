"""What Temporal knows of threads and their tasks, for the commands that show them."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import typer
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.cli.context import EXIT_USAGE, Unreachable, not_found
from airut.models.base import Model
from airut.models.threads.steering import TaskStatus
from airut.models.threads.thread import ThreadStatus
from airut.temporal.connection import is_missing

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@-]{0,199}")
"""What an id of ours, or its beginning, can be; it goes into visibility queries."""

QUERY_LIMIT = timedelta(seconds=10)
"""A worker that is up answers in milliseconds; after this long none is."""


class Row(Model):
    """A thread as a list shows it, from Temporal's visibility."""

    thread: str
    repo: str
    channel: str
    author: str
    state: str
    outcome: str
    cost_usd: float
    pull_request: str
    started_at: datetime


async def rows(client: Client, repo: str | None, limit: int) -> AsyncIterator[Row]:
    """Threads, newest first."""
    query = f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND ExecutionStatus != 'ContinuedAsNew'"
    if repo:
        query += f" AND {contracts.REPO.name} = '{repo}'"
    async for execution in client.list_workflows(query, limit=limit):
        yield _row(execution)


def _row(execution: WorkflowExecution) -> Row:
    found = execution.typed_search_attributes
    ended = execution.status is not WorkflowExecutionStatus.RUNNING
    return Row(
        thread=execution.id,
        repo=found.get(contracts.REPO) or "",
        channel=found.get(contracts.CHANNEL) or "",
        author=found.get(contracts.AUTHOR) or "",
        state="ended" if ended else found.get(contracts.STATE) or "",
        outcome=found.get(contracts.OUTCOME) or "",
        cost_usd=found.get(contracts.COST) or 0.0,
        pull_request=found.get(contracts.PULL_REQUEST) or "",
        started_at=execution.start_time,
    )


async def thread_id(client: Client, prefix: str) -> str:
    """The one thread whose id begins like this.

    Raises:
        typer.Exit: none (5) or several (2), with the candidates.
    """
    if not ID.fullmatch(prefix):
        raise not_found(f"{prefix} is no thread's id; `airut thread list` shows what there is")
    query = f"WorkflowType = '{contracts.THREAD_WORKFLOW}' AND WorkflowId STARTS_WITH '{prefix}'"
    found = {execution.id async for execution in client.list_workflows(query, limit=1000)}
    if prefix in found or len(found) == 1:
        return prefix if prefix in found else found.pop()
    if not found:
        raise not_found(f"no thread {prefix}; `airut thread list` shows what there is")
    typer.echo(f"{prefix} is ambiguous: " + ", ".join(sorted(found)[:10]), err=True)
    raise typer.Exit(EXIT_USAGE)


async def thread_status(client: Client, thread: str, limit: timedelta = QUERY_LIMIT) -> ThreadStatus:
    """The thread's own account of itself.

    Raises:
        typer.Exit: there is no such thread (5).
        Unreachable: no control worker answers for it.
    """
    try:
        status: ThreadStatus = await client.get_workflow_handle(thread).query(
            contracts.STATUS, result_type=ThreadStatus, rpc_timeout=limit
        )
    except RPCError as error:
        if is_missing(error):
            raise not_found(f"no thread {thread}") from error
        raise no_worker(f"{thread} does not answer", error) from error
    except WorkflowQueryFailedError as error:
        raise no_worker(f"{thread} cannot answer ({error})", error) from error
    return status


def no_worker(text: str, error: Exception) -> Unreachable:
    """What to say when Temporal waits for a worker in vain; for `raise no_worker(…)`."""
    if isinstance(error, RPCError) and error.status is RPCStatusCode.UNAVAILABLE:
        return Unreachable(f"Temporal is not reachable ({error.message[:200]}); `airut up` starts it")
    return Unreachable(f"{text}: is a control worker running? `airut up` or `airut worker control` starts one")


async def task_status(client: Client, task: str) -> TaskStatus | None:
    """A task's own account; None when it has not begun."""
    try:
        status: TaskStatus = await client.get_workflow_handle(task).query(contracts.STATUS, result_type=TaskStatus)
    except RPCError as error:
        if is_missing(error):
            return None
        raise
    return status
