"""A mail that tells how far a task is."""

from datetime import timedelta

import pytest

from airut.models.mail.progress_report import ReportOrder, compose_report
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.progress import RunProgress
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import ReplyInput
from airut.models.tasks.task import TaskInput
from tests.support.messages import NOON, mail

MESSAGE = mail("do it")
TASK = TaskInput(
    thread=MESSAGE.thread, repo="web", channel=MESSAGE.channel, number=1, messages=(MESSAGE,), session_id="s"
)
REPLY = ReplyInput(task=TASK, at=NOON + timedelta(minutes=92, seconds=40), kind=ReplyKind.PROGRESS, seq=1)
STEER = "`stop` or `pause`, alone in a reply, ends or holds it.\n"


def order(**more: object) -> ReportOrder:
    return ReportOrder.model_validate({"reply": REPLY, "begun": NOON, **more})


def test_the_plan_has_ticks_and_the_cost_is_that_of_all_runs() -> None:
    plan = tuple(
        PlanItem(text=text, state=state)
        for text, state in (("Look", "completed"), ("Write  it", "in_progress"), ("Test", "pending"))
    )
    run = RunProgress(plan=plan, step="Bash: echo `date`", cost_usd=1.5)
    assert compose_report(order(spent_usd=0.5, granted_usd=2.0), run) == (
        "Your task goes on, since 1 h 32 min.\n\n"
        "- [x] Look\n- [ ] **Write it**\n- [ ] Test\n\n"
        "Last step: `Bash: echo 'date'`\n\n"
        "Cost so far: $2.00\n\n"
        "**80 % of the budget are used up.**\n\n" + STEER
    )


def test_what_is_not_known_is_left_out() -> None:
    assert compose_report(order(granted_usd=2.0), RunProgress()) == f"Your task goes on, since 1 h 32 min.\n\n{STEER}"
    waits = compose_report(order(), RunProgress(begun=False))
    assert waits == f"Your task waits for a place on its host; it came 1 h 32 min ago.\n\n{STEER}"


@pytest.mark.parametrize(
    ("done", "items", "first", "last"), [(0, 50, "- [ ] 0", "- … 30 more"), (40, 50, "- … 30 before", "- [ ] 49")]
)
def test_a_long_plan_is_shown_in_part(done: int, items: int, first: str, last: str) -> None:
    plan = tuple(PlanItem(text=str(n), state="completed" if n < done else "pending") for n in range(items))
    lines = [line for line in compose_report(order(), RunProgress(plan=plan)).splitlines() if line.startswith("- ")]
    assert (lines[0], lines[-1], len(lines)) == (first, last, 21)
