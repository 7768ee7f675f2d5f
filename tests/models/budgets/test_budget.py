"""What is granted, what is refused, and the words for it."""

from datetime import datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from airut.models.budgets.budget import (
    Allowance,
    BudgetGrant,
    BudgetName,
    BudgetRefusal,
    BudgetRequest,
    Budgets,
    BudgetSettlement,
    BudgetStanding,
    allowance,
    grant,
)

MIDNIGHT = datetime(2026, 11, 27, tzinfo=timezone(timedelta(hours=1)))


def request(thread_spent: float = 0.0, task_spent: float = 0.0, asked: float | None = None) -> BudgetRequest:
    return BudgetRequest(
        key="web/mail/a/task-1/1",
        repo="web",
        thread="web/mail/a",
        author="ann",
        thread_spent_usd=thread_spent,
        task_spent_usd=task_spent,
        asked_usd=asked,
    )


@pytest.mark.parametrize(
    ("budgets", "asked", "expected"),
    [
        (Budgets(), None, Allowance(usd=None)),
        (Budgets(), 20, Allowance(usd=20)),
        (Budgets(per_task=10), None, Allowance(usd=10)),
        (Budgets(per_task=10), 2, Allowance(usd=2)),
        (Budgets(per_task=10, per_task_max=50), 50, Allowance(usd=50)),
        (
            Budgets(per_task=10, per_task_max=50),
            50.01,
            Allowance(
                usd=10,
                note="`budget: 50.01` is more than the $50.00 that a task may have here; it ran with $10.00.",
            ),
        ),
        (
            Budgets(per_task=10),
            20,
            Allowance(
                usd=10,
                note="`budget: 20.00` is more than the $10.00 that a task may have here; it ran with $10.00.",
            ),
        ),
        (
            Budgets(per_task_max=50),
            60,
            Allowance(
                usd=None,
                note="`budget: 60.00` is more than the $50.00 that a task may have here; it ran with no limit of its "
                "own.",
            ),
        ),
        (
            Budgets(subscription=True),
            20,
            Allowance(usd=None, note="`budget` has no effect here: the repository works with a subscription."),
        ),
    ],
)
def test_what_a_hint_does(budgets: Budgets, asked: float | None, expected: Allowance) -> None:
    assert allowance(budgets, asked) == expected


def standing(which: BudgetName, limit: float, spent: float, held: float = 0.0) -> BudgetStanding:
    daily = which in {BudgetName.PER_DAY, BudgetName.PER_AUTHOR_DAY}
    return BudgetStanding(
        which=which, limit_usd=limit, spent_usd=spent, held_usd=held, renews_at=MIDNIGHT if daily else None
    )


def refused(which: BudgetName, limit: float, spent: float, held: float = 0.0) -> BudgetRefusal:
    return BudgetRefusal.model_validate(standing(which, limit, spent, held).model_dump())


ALL = Budgets(per_task=10, per_thread=30, per_author_day=50, per_day=100)
FREE_DAY = standing(BudgetName.PER_DAY, 100, 0)


@pytest.mark.parametrize(
    ("asked", "day", "expected"),
    [
        (request(), FREE_DAY, BudgetGrant(granted_usd=10, tightest=standing(BudgetName.PER_TASK, 10, 0))),
        (
            request(task_spent=9.5),
            FREE_DAY,
            BudgetGrant(granted_usd=0.5, tightest=standing(BudgetName.PER_TASK, 10, 9.5)),
        ),
        (request(task_spent=9.995), FREE_DAY, BudgetGrant(refusal=refused(BudgetName.PER_TASK, 10, 9.995))),
        (request(task_spent=12), FREE_DAY, BudgetGrant(refusal=refused(BudgetName.PER_TASK, 10, 12))),
        (
            request(thread_spent=25),
            FREE_DAY,
            BudgetGrant(granted_usd=5, tightest=standing(BudgetName.PER_THREAD, 30, 25)),
        ),
        (request(thread_spent=31), FREE_DAY, BudgetGrant(refusal=refused(BudgetName.PER_THREAD, 30, 31))),
        (
            request(),
            standing(BudgetName.PER_DAY, 100, 90, 7),
            BudgetGrant(granted_usd=3, tightest=standing(BudgetName.PER_DAY, 100, 90, 7)),
        ),
        (
            request(),
            standing(BudgetName.PER_DAY, 100, 90, 10),
            BudgetGrant(refusal=refused(BudgetName.PER_DAY, 100, 90, 10)),
        ),
    ],
)
def test_the_tightest_budget_decides(asked: BudgetRequest, day: BudgetStanding, expected: BudgetGrant) -> None:
    assert grant(asked, ALL, (day,)) == expected


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (
            refused(BudgetName.PER_TASK, 10, 10.2),
            "The budget of one task is $10.00, and $10.20 of it is spent. Reply to go on from there: each reply is a "
            "new task with a budget of its own.",
        ),
        (
            refused(BudgetName.PER_THREAD, 100, 100),
            "The budget of this conversation is $100.00, and $100.00 of it is spent. It does not renew. Start a new "
            "conversation, or ask the operator to raise `budgets.per_thread`.",
        ),
        (
            refused(BudgetName.PER_AUTHOR_DAY, 100, 99.998).model_copy(update={"zone": "Europe/Berlin"}),
            "The budget of one person and day is $100.00, and $100.00 of it is spent. It renews on 2026-11-27 at 00:00 "
            "(Europe/Berlin); reply then to go on.",
        ),
        (
            refused(BudgetName.PER_DAY, 500, 480.5, 19.5),
            "The budget of this repository for one day is $500.00, and $480.50 of it is spent; $19.50 is held for tasks "
            "that run at the moment. Some of it may be free again when those end. It renews on 2026-11-27 at 00:00 "
            "(UTC); reply then to go on.",
        ),
    ],
)
def test_a_refusal_in_words(refusal: BudgetRefusal, words: str) -> None:
    assert refusal.words() == words
    assert BudgetRefusal.model_validate_json(refusal.model_dump_json()).words() == words


def test_a_run_that_was_stopped_at_its_grant_names_the_budget_with_its_own_cost() -> None:
    granted = grant(request(), ALL, (standing(BudgetName.PER_DAY, 100, 96),))
    assert granted.granted_usd == 4
    assert granted.used_up(4.1) == refused(BudgetName.PER_DAY, 100, 100.1)
    assert BudgetGrant().used_up(4.1) is None


@pytest.mark.parametrize("usd", [-0.01, float("nan"), float("inf")])
def test_amounts_are_finite_and_not_negative(usd: float) -> None:
    with pytest.raises(ValidationError):
        BudgetSettlement(key="k/1", repo="web", usd=usd)
    with pytest.raises(ValidationError):
        request(thread_spent=usd)
    with pytest.raises(ValidationError):
        Budgets(per_day=usd)


@pytest.mark.parametrize("key", ["", "task", "/", "x" * 999 + "/1"])
def test_a_key_names_a_run_of_a_task(key: str) -> None:
    with pytest.raises(ValidationError, match="a key is a task's id, a slash and the number of the run"):
        BudgetRequest(key=key, repo="web", thread="web/mail/a", author="ann")
