"""The count of a repository's spending: nothing counts twice, and parallel tasks do not overrun together."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from airut.models.budgets.budget import (
    BudgetGrant,
    BudgetName,
    BudgetOrder,
    BudgetRefusal,
    BudgetRequest,
    Budgets,
    BudgetStanding,
)
from airut.models.budgets.ledger import AUTHORS_MOST, CLOSED_MOST, HELD_AGE, BudgetInput, DaySpent, Ledger
from airut.models.schedules.timezones import zone_day

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 27, tzinfo=UTC)
DAY = timedelta(days=1)
BUDGETS = Budgets(per_task=10, per_author_day=25, per_day=40)


def order(key: str, author: str = "ann", at: datetime = NOON, budgets: Budgets = BUDGETS) -> BudgetOrder:
    request = BudgetRequest(key=key, repo="web", thread=key.rpartition("/")[0], author=author)
    return BudgetOrder(request=request, budgets=budgets, today=zone_day(at, "UTC"))


def granted(ledger: Ledger, key: str, author: str = "ann", at: datetime = NOON) -> float | BudgetName | None:
    """What was granted, or which budget refused."""
    decided = ledger.reserve(order(key, author, at), at)
    return decided.refusal.which if decided.refusal else decided.granted_usd


def test_starts_reserve_so_that_tasks_at_once_stay_within_every_budget() -> None:
    ledger = Ledger()
    asked = [
        ("a/1", "ann"),
        ("b/1", "ann"),
        ("c/1", "ann"),
        ("d/1", "ann"),
        ("e/1", "bob"),
        ("f/1", "cid"),
        ("g/1", "x"),
    ]
    assert [granted(ledger, *each) for each in asked] == [
        10.0,
        10.0,
        5.0,
        BudgetName.PER_AUTHOR_DAY,
        10.0,
        5.0,
        BudgetName.PER_DAY,
    ]


def test_no_more_run_at_once_than_may_whether_or_not_they_are_paid_for() -> None:
    for budgets in (BUDGETS, Budgets(subscription=True)):
        ledger, of = Ledger(), order("a/1", budgets=budgets)

        def asked(key: str, at_once: int = 2, budgets: Budgets = budgets, ledger: Ledger = ledger) -> str:
            made = order(key, budgets=budgets).model_copy(update={"at_once": at_once})
            return ledger.reserve(made, NOON).hold

        running = "2 sandboxes of this repository run at the moment, and no more may (execution.per_repo)"
        assert [asked(key) for key in ("a/1", "b/1", "c/1", "a/1")] == ["", "", running, ""]
        ledger.settle("a/1", 0.0)
        assert [asked("c/1"), asked("d/1")] == ["", running]
        assert asked("d/1", 1).startswith("one sandbox of this repository runs at the moment")
        assert asked("d/1", 3) == ""
        assert of.at_once is None


def test_no_more_of_one_author_run_at_once_than_may() -> None:
    ledger = Ledger()

    def asked(key: str, author: str, of_author: int | None = 2) -> str:
        made = order(key, author, budgets=Budgets(subscription=True)).model_copy(update={"of_author": of_author})
        return ledger.reserve(made, NOON).hold

    running = "2 tasks of the same author run at the moment, and no more may (execution.threads_per_author)"
    assert [asked(key, "ann") for key in ("a/1", "b/1", "c/1", "a/1")] == ["", "", running, ""]
    assert asked("d/1", "bob") == ""
    ledger.settle("a/1", 0.0)
    assert [asked("c/1", "ann"), asked("e/1", "ann")] == ["", running]
    assert asked("f/1", "bob", 1).startswith("one task of the same author runs at the moment")
    assert asked("e/1", "ann", None) == ""


def test_the_end_counts_what_it_cost_and_frees_the_rest() -> None:
    ledger = Ledger()
    for key in ("a/1", "b/1", "c/1"):
        granted(ledger, key)
    ledger.settle("a/1", 0.25)
    ledger.settle("b/1", 10.4)  # ran over by its last turn
    assert ledger.spent() == (DaySpent(day=NOON.date(), spent_usd=10.65, held_usd=5.0, authors={"ann": 10.65}),)
    assert granted(ledger, "d/1") == 9.35


def test_a_refusal_tells_what_is_spent_held_and_when_it_renews() -> None:
    ledger = Ledger()
    for key in ("a/1", "b/1", "c/1"):
        granted(ledger, key)
    ledger.settle("a/1", 10.0)
    assert ledger.reserve(order("d/1"), NOON).refusal == BudgetRefusal(
        which=BudgetName.PER_AUTHOR_DAY, limit_usd=25, spent_usd=10, held_usd=15, renews_at=MIDNIGHT, zone="UTC"
    )


def test_a_grant_names_the_budget_that_it_comes_from() -> None:
    ledger = Ledger()
    granted(ledger, "a/1")
    granted(ledger, "b/1")
    standing = BudgetStanding(
        which=BudgetName.PER_AUTHOR_DAY, limit_usd=25, spent_usd=0, held_usd=20, renews_at=MIDNIGHT, zone="UTC"
    )
    assert ledger.reserve(order("c/1"), NOON) == BudgetGrant(granted_usd=5.0, tightest=standing)


def test_the_same_key_again_has_the_same_answer_and_holds_nothing_more() -> None:
    ledger = Ledger()
    assert [granted(ledger, "a/1") for _ in range(5)] == [10.0] * 5
    assert granted(ledger, "a/1", at=MIDNIGHT) == 10.0
    assert [(day.day, day.held_usd) for day in ledger.spent()] == [(NOON.date(), 10.0)]


def test_a_refused_key_is_thought_over_when_it_is_asked_for_again() -> None:
    ledger = Ledger()
    for key in ("a/1", "b/1", "c/1"):
        granted(ledger, key)
    assert granted(ledger, "d/1") is BudgetName.PER_AUTHOR_DAY
    ledger.settle("a/1", 1.0)
    assert granted(ledger, "d/1") == 9.0


def test_settled_twice_counts_once_and_the_higher_cost_holds_in_any_order() -> None:
    for costs in permutations((3.0, 0.0, 3.0, 4.5)):
        ledger = Ledger()
        granted(ledger, "a/1")
        for usd in costs:
            ledger.settle("a/1", usd)
        assert [(day.spent_usd, day.held_usd) for day in ledger.spent()] == [(4.5, 0.0)], costs


def test_a_request_that_comes_after_its_settlement_holds_nothing() -> None:
    ledger = Ledger()
    ledger.settle("a/1", 0.0)
    assert granted(ledger, "a/1") == 10.0
    assert ledger.spent() == ()


def test_a_run_counts_on_the_day_of_its_start() -> None:
    ledger = Ledger()
    for key in ("a/1", "b/1", "c/1"):
        granted(ledger, key)
    ledger.settle("a/1", 10.0)
    assert granted(ledger, "d/1") is BudgetName.PER_AUTHOR_DAY
    assert granted(ledger, "e/1", at=MIDNIGHT) == 10.0
    ledger.settle("b/1", 10.0)
    assert [(day.day, day.spent_usd, day.held_usd) for day in ledger.spent()] == [
        (date(2026, 11, 27), 0.0, 10.0),
        (date(2026, 11, 26), 20.0, 5.0),
    ]


def test_a_release_gives_back_what_all_runs_of_the_task_hold_and_no_other() -> None:
    ledger = Ledger()
    for key in ("web/mail/a/task-1/1", "web/mail/a/task-1/2", "web/mail/a/task-10/1"):
        granted(ledger, key)
    ledger.release("web/mail/a/task-1")
    assert list(ledger.held) == ["web/mail/a/task-10/1"]
    ledger.settle("web/mail/a/task-1/2", 2.0)  # its true cost, after all
    assert [(day.spent_usd, day.held_usd) for day in ledger.spent()] == [(2.0, 5.0)]


def test_what_is_held_for_longer_than_any_run_lasts_is_given_back() -> None:
    ledger = Ledger()
    granted(ledger, "a/1")
    granted(ledger, "b/1", at=NOON + HELD_AGE)
    assert list(ledger.held) == ["a/1", "b/1"]
    granted(ledger, "c/1", at=NOON + HELD_AGE + timedelta(seconds=1))
    assert list(ledger.held) == ["b/1", "c/1"]


def test_old_days_are_forgotten() -> None:
    ledger = Ledger()
    for days in range(4):
        granted(ledger, f"a/{days}", at=NOON + days * DAY)
        ledger.settle(f"a/{days}", 1.0)
    assert [str(day.day) for day in ledger.spent()] == ["2026-11-29", "2026-11-28", "2026-11-27"]


def test_the_state_stays_small_enough_for_one_payload() -> None:
    ledger = Ledger()
    budgets = Budgets(per_task=10, per_day=1_000_000)
    name = "x" * 240
    for days in range(3):
        for number in range(AUTHORS_MOST + 5):
            key, author = f"web/mail/abcdefghijklmnop/task-{number}/{days}", f"{number:06}{name}@example.com"
            ledger.reserve(order(key, author, NOON + days * DAY, budgets), NOON + days * DAY)
            ledger.settle(key, 0.5 + number)
    assert [len(sums.authors) for sums in ledger.days.values()] == [AUTHORS_MOST] * 3
    assert not any(author.startswith("000000") for sums in ledger.days.values() for author in sums.authors)
    assert len(ledger.closed) == CLOSED_MOST
    assert len(BudgetInput(repo="web", carried=ledger).model_dump_json()) < 1_500_000


def test_the_state_comes_back_from_json_as_it_was() -> None:
    ledger = Ledger()
    granted(ledger, "a/1")
    granted(ledger, "b/1", "bob")
    ledger.settle("b/1", 1.25)
    carried = BudgetInput(repo="web", carried=ledger)
    assert BudgetInput.model_validate_json(carried.model_dump_json()) == carried


COSTS = st.floats(min_value=0, max_value=30, allow_nan=False)
AUTHORS = st.sampled_from(["ann", "bob", "cid"])


class Spending(RuleBasedStateMachine):
    """Tasks start, end and are started again in any order: no limit is exceeded by more than what ended runs cost
    beyond what they were settled with at first, and what is granted to one is never granted to another."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.granted: dict[str, tuple[str, float]] = {}
        self.costs: dict[str, float] = {}
        self.authors: dict[str, str] = {}
        self.foreseen: dict[str, float] = {}
        """What the ledger last freed a run's grant for: its grant while it runs, then what it was first settled with."""

    @rule(number=st.integers(0, 20), author=AUTHORS)
    def start(self, number: int, author: str) -> None:
        key = f"t/{number}"
        author = self.authors.setdefault(key, author)
        decided = self.ledger.reserve(order(key, author), NOON)
        if decided.granted_usd is not None and key not in self.costs:
            first = self.granted.setdefault(key, (author, decided.granted_usd))
            assert first == (author, decided.granted_usd)
            self.foreseen.setdefault(key, decided.granted_usd)

    @rule(number=st.integers(0, 20), usd=COSTS)
    def end(self, number: int, usd: float) -> None:
        key = f"t/{number}"
        self.ledger.settle(key, usd)
        if key in self.granted:
            if key not in self.costs:
                self.foreseen[key] = min(usd, self.foreseen.get(key, 0.0))
            self.costs[key] = max(usd, self.costs.get(key, 0.0))
        else:
            self.costs[key] = 0.0
            self.granted[key] = ("nobody", 0.0)

    @invariant()
    def no_limit_is_exceeded_but_by_overshoot(self) -> None:
        for author, limit in ((None, 40.0), ("ann", 25.0), ("bob", 25.0), ("cid", 25.0)):
            mine = {key: usd for key, (who, usd) in self.granted.items() if author in (None, who) and who != "nobody"}
            counted = sum(self.costs.get(key, usd) for key, usd in mine.items())
            overshoot = sum(max(0.0, self.costs.get(key, 0.0) - self.foreseen[key]) for key in mine)
            assert counted <= limit + overshoot + 1e-3
        for day in self.ledger.spent():
            paid = sum(cost for key, cost in self.costs.items() if self.granted[key][0] != "nobody")
            open_ = sum(usd for key, (_, usd) in self.granted.items() if key not in self.costs)
            assert abs(day.spent_usd - paid) < 1e-3
            assert abs(day.held_usd - open_) < 1e-3


TestSpending = Spending.TestCase


@given(st.lists(st.tuples(st.integers(0, 5), AUTHORS, COSTS), max_size=12), st.randoms())
def test_the_order_of_settlements_does_not_matter(settled: list[tuple[int, str, float]], random: object) -> None:
    def after(settlements: list[tuple[int, str, float]]) -> tuple[DaySpent, ...]:
        ledger = Ledger()
        for number in range(6):
            granted(ledger, f"t/{number}", ["ann", "bob", "cid"][number % 3])
        for number, _, usd in settlements:
            ledger.settle(f"t/{number}", usd)
        return ledger.spent()

    shuffled = list(settled)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's Random
    assert after(shuffled) == after(settled)
