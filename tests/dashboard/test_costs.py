"""What tasks have cost."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from airut.dashboard.budgets import BudgetShare, budget_shares
from airut.dashboard.views.costs import CostSum, harmless, sums
from airut.models.budgets.ledger import DaySpent
from airut.ports.cost_records import CostRow
from tests.support.dashboard import Served

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def cost(day: int, repo: str, author: str, usd: float, model: str = "opus") -> CostRow:
    return CostRow(
        task=f"{repo}/console/a/task-{day}", repo=repo, author=author, model=model, usd=usd,
        ended_at=datetime(2026, 2, day, 23, 59, tzinfo=UTC),
    )  # fmt: skip


ROWS = (
    cost(28, "web", "ann", 2.0),
    cost(27, "docs", "=cmd|x", 0.5, ""),
    cost(28, "web", "bob", 1.0),
    cost(1, "web", "ann", 9.0),
)


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served.at(tmp_path)
    made.costs.rows, made.now = ROWS, NOW
    return made


def test_sums_by_cost_and_days_by_date() -> None:
    assert sums(ROWS, lambda row: row.author) == (
        CostSum(name="ann", tasks=2, usd=11.0, share=1.0),
        CostSum(name="bob", tasks=1, usd=1.0, share=1 / 11),
        CostSum(name="=cmd|x", tasks=1, usd=0.5, share=0.5 / 11),
    )
    days = sums(ROWS, lambda row: row.day.isoformat(), by_name=True)
    assert [each.name for each in days] == ["2026-02-28", "2026-02-27", "2026-02-01"]
    assert sums((), lambda row: row.repo) == ()


async def test_a_month_by_default(served: Served) -> None:
    page = (await served.browser().get("/costs")).text
    assert '<input type="date" name="since" value="2026-02-01">' in page
    assert '<span class="money">$12.50</span> for 4 tasks' in page
    assert '<th scope="row">unknown</th>' in page
    assert "There are more tasks" not in page


async def test_days_and_a_repository(served: Served) -> None:
    page = (await served.browser().get("/costs?since=2026-02-28&until=2026-02-28&repo=web")).text
    assert '<span class="money">$3.00</span> for 2 tasks' in page
    served.costs.complete = False
    assert "There are more tasks than are summed up" in (await served.browser().get("/costs")).text


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("since=yesterday", 422, "A day is written 2026-03-02."),
        ("since=2026-03-02&until=2026-03-01", 422, "2026-03-02 is after 2026-03-01."),
        ("repo=none", 404, "There is no repository none"),
        ("repo=a%27%20OR", 404, "There is no repository"),
    ],
)
async def test_what_cannot_be_shown_is_said(served: Served, query: str, code: int, words: str) -> None:
    answer = await served.browser().get(f"/costs?{query}")
    assert (answer.status_code, words in answer.text) == (code, True)


async def test_a_line_a_task_that_no_spreadsheet_runs(served: Served) -> None:
    answer = await served.browser().get("/costs.csv?since=2026-02-27")
    assert answer.headers["content-disposition"] == 'attachment; filename="airut-costs-2026-02-27-2026-03-02.csv"'
    assert answer.text.splitlines() == [
        "day,ended_at,repo,author,model,task,usd",
        "2026-02-28,2026-02-28T23:59:00+00:00,web,ann,opus,web/console/a/task-28,2.000000",
        "2026-02-27,2026-02-27T23:59:00+00:00,docs,'=cmd|x,,docs/console/a/task-27,0.500000",
        "2026-02-28,2026-02-28T23:59:00+00:00,web,bob,opus,web/console/a/task-28,1.000000",
    ]
    assert [harmless(cell) for cell in ("+1", "-1", "@x", "ann", "")] == ["'+1", "'-1", "'@x", "ann", ""]


async def test_budgets_of_today_and_of_people_who_have_nearly_used_theirs_up(served: Served) -> None:
    config = served.config
    assert config is not None
    none = config.model_copy(
        update={"budgets": config.budgets.model_copy(update={"per_day": None, "per_author_day": None})}
    )
    assert await budget_shares(served.ports(), none, "web") == ()
    limited = config.model_copy(
        update={"budgets": config.budgets.model_copy(update={"per_day": 10.0, "per_author_day": 5.0})}
    )
    assert await budget_shares(served.ports(), limited, "web") == (
        BudgetShare(name="per_day", spent_usd=0, held_usd=0, limit_usd=10),
    )
    today = DaySpent(day=date(2026, 3, 2), spent_usd=6, held_usd=3, authors={"bob": 1.0, "ann": 4.5})
    served.costs.days = {"web": (today, DaySpent(day=date(2026, 3, 1), spent_usd=9, held_usd=0, authors={}))}
    found = await budget_shares(served.ports(), limited, "web")
    assert found == (
        BudgetShare(name="per_day", spent_usd=6, held_usd=3, limit_usd=10),
        BudgetShare(name="per_author_day · ann", spent_usd=4.5, held_usd=0, limit_usd=5),
    )
    assert [(each.share, each.is_tight) for each in found] == [(0.9, True), (0.9, True)]
    served.config = limited
    assert "per_author_day · ann" in (await served.browser().get("/")).text
