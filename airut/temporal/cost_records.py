"""What tasks have cost, from their memos in Temporal's visibility."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.budgets.ledger import DaySpent
from airut.models.tasks.spent import TaskSpent
from airut.ports.cost_records import CostRow, Costs
from airut.temporal.directory_errors import LIMIT, unavailable

MOST = 10_000
"""Tasks that one look sums up, some two seconds: a month of three hundred a day."""

PAGE = 1000
PATIENCE = 3 * LIMIT.total_seconds()


class TemporalCostRecords:
    """Implements `airut.ports.cost_records.CostRecords`."""

    def __init__(self, client: Client, most: int = MOST) -> None:
        self._client = client
        self._most = most

    async def costs(self, since: datetime, until: datetime, repo: str = "") -> Costs:
        first, last = since.astimezone(UTC).isoformat(), until.astimezone(UTC).isoformat()
        query = (
            f"WorkflowType = '{contracts.TASK_WORKFLOW}' AND ExecutionStatus != 'Running' "
            f"AND CloseTime >= '{first}' AND CloseTime < '{last}'"
        )
        if repo:
            query += f" AND {contracts.REPO.name} = '{repo}'"  # a repository's name has no quotes
        rows: list[CostRow] = []
        looked_at = 0
        with unavailable():
            async with asyncio.timeout(PATIENCE):
                pages = self._client.list_workflows(query, page_size=PAGE, rpc_timeout=LIMIT)
                while looked_at < self._most:
                    await pages.fetch_next_page()
                    page = pages.current_page or ()
                    looked_at += len(page)
                    rows += [row for execution in page if (row := await _row(execution)) is not None]
                    if not pages.next_page_token:
                        return Costs(rows=tuple(rows))
        return Costs(rows=tuple(rows), complete=False)

    async def spent(self, repo: str) -> tuple[DaySpent, ...]:
        handle = self._client.get_workflow_handle(contracts.budget_id(repo))
        with unavailable():
            try:
                found: tuple[DaySpent, ...] = await handle.query(
                    contracts.SPENT, result_type=tuple[DaySpent, ...], rpc_timeout=LIMIT
                )
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return ()
                raise
        return found


async def _row(execution: WorkflowExecution) -> CostRow | None:
    """None for a task that has kept nothing: it ended before it could, or an older version ran it."""
    try:
        spent = await execution.memo_value(contracts.TASK_SPENT, None, type_hint=TaskSpent)
    except Exception:  # encrypted with a key that is gone, or of another version
        return None
    if spent is None or execution.close_time is None:
        return None
    repo = execution.typed_search_attributes.get(contracts.REPO) or ""
    return CostRow(
        task=execution.id,
        repo=repo,
        author=spent.author,
        model=spent.model,
        usd=spent.usd,
        ended_at=execution.close_time,
    )
