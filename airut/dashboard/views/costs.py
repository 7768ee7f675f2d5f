"""What tasks have cost: by day, repository, author and model; as a table and as CSV."""

import csv
import io
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

from starlette.responses import Response

from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.models.base import Model
from airut.models.login import Role
from airut.ports.cost_records import CostRow, Costs

USUAL = timedelta(days=29)
"""Together with today, what a month's bill is compared with."""


class CostSum(Model):
    name: str
    tasks: int
    usd: float
    share: float
    """Of the largest sum of its group, for a bar."""


class Span(Model):
    """Whole days in UTC, the last one included."""

    first: date
    last: date
    repo: str = ""

    @property
    def since(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)


async def show(visit: Visit) -> Response:
    span = span_of(visit)
    found = await costs_of(visit, span)
    groups = {
        "Day": sums(found.rows, lambda row: row.day.isoformat(), by_name=True),
        "Repository": sums(found.rows, lambda row: row.repo),
        "Author": sums(found.rows, lambda row: row.author),
        "Model": sums(found.rows, lambda row: row.model or "unknown"),
    }
    config = visit.ports.config()
    return visit.page(
        "costs.html",
        span=span,
        groups=groups,
        total=sum(row.usd for row in found.rows),
        tasks=len(found.rows),
        complete=found.complete,
        repos=sorted(config.repos) if config else [],
        csv=f"/costs.csv?since={span.first}&until={span.last}&repo={span.repo}",
    )


async def as_csv(visit: Visit) -> Response:
    """One line a task."""
    span = span_of(visit)
    found = await costs_of(visit, span)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("day", "ended_at", "repo", "author", "model", "task", "usd"))
    for row in found.rows:
        ended = row.ended_at.astimezone(UTC).isoformat(timespec="seconds")
        cells = (row.repo, row.author, row.model, row.task)
        writer.writerow((row.day, ended, *map(harmless, cells), f"{row.usd:.6f}"))
    name = f"airut-costs-{span.first}-{span.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if not found.complete:
        headers["X-Airut-Incomplete"] = "the newest tasks only; choose fewer days"
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def harmless(cell: str) -> str:
    """A spreadsheet takes what begins like this for a formula, and an author's name may be anything."""
    return f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell


def sums(rows: Iterable[CostRow], key: Callable[[CostRow], str], *, by_name: bool = False) -> tuple[CostSum, ...]:
    """By cost, the largest first; days by their name, the newest first."""
    found: dict[str, tuple[int, float]] = {}
    for row in rows:
        tasks, usd = found.get(key(row), (0, 0.0))
        found[key(row)] = tasks + 1, usd + row.usd
    most = max((usd for _, usd in found.values()), default=0.0)
    made = [
        CostSum(name=name, tasks=tasks, usd=round(usd, 6), share=usd / most if most else 0.0)
        for name, (tasks, usd) in found.items()
    ]
    return tuple(sorted(made, key=lambda each: each.name if by_name else each.usd, reverse=True))


def span_of(visit: Visit) -> Span:
    """
    Raises:
        Problem: a day that is none, or an end before the beginning.
    """
    today = visit.ports.clock().astimezone(UTC).date()
    try:
        last = date.fromisoformat(visit.query.get("until") or today.isoformat())
        first = date.fromisoformat(visit.query.get("since") or (last - USUAL).isoformat())
    except ValueError:
        raise Problem(422, "A day is written 2026-03-02.") from None
    if first > last:
        raise Problem(422, f"{first} is after {last}.")
    repo = visit.query.get("repo", "")
    config = visit.ports.config()
    if repo and (config is None or repo not in config.repos):
        raise Problem(404, f"There is no repository {repo} in the configuration.")
    return Span(first=first, last=last, repo=repo)


async def costs_of(visit: Visit, span: Span) -> Costs:
    return await visit.ports.costs.costs(span.since, span.until, span.repo)


PAGES = (
    Page("/costs", show, Role.VIEWER, nav="Costs"),
    Page("/costs.csv", as_csv, Role.VIEWER),
)
