"""What of a task is shown, and when a budget is nearly spent."""

from datetime import timedelta

import pytest

from airut.models.tasks.progress import Look, RunProgress, ShowOrder, shows_tasks
from airut.models.tasks.shown import ShownState
from airut.models.tasks.task import TaskStep
from airut.models.threads.message import ChannelKind
from airut.models.threads.steering import TaskStatus
from tests.support.messages import NOON

SOON = NOON + timedelta(hours=1)


@pytest.mark.parametrize(
    ("step", "detail", "until", "look"),
    [
        (TaskStep.ACCEPTED, "", None, Look(state=ShownState.PREPARING)),
        (TaskStep.PREPARING, "image", None, Look(state=ShownState.PREPARING)),
        (TaskStep.PREPARING, "the budget is held", SOON, Look(state=ShownState.WAITING, detail="the budget is held", until=SOON)),
        (TaskStep.AGENT, "sandbox 2", None, Look(state=ShownState.RUNNING)),
        (TaskStep.AWAITING_ANSWER, "Tabs?", SOON, Look(state=ShownState.QUESTION, detail="Tabs?", until=SOON)),
        (TaskStep.AWAITING_PROVIDER, "limit", SOON, Look(state=ShownState.WAITING, detail="limit", until=SOON)),
        (TaskStep.AWAITING_OPERATOR, "401", SOON, Look(state=ShownState.WAITING, detail="401", until=SOON)),
        (TaskStep.PAUSED, "by ann", None, Look(state=ShownState.PAUSED, detail="by ann")),
        (TaskStep.PUBLISHING, "", None, Look(state=ShownState.PUBLISHING)),
        (TaskStep.REPLYING, "", None, None),
        (TaskStep.CLOSED, "success", None, None),
    ],
)  # fmt: skip
def test_what_a_status_looks_like(step: TaskStep, detail: str, until: object, look: Look | None) -> None:
    status = TaskStatus.model_validate({"step": step, "since": NOON, "detail": detail, "until": until})
    assert Look.at(status) == look


@pytest.mark.parametrize(
    ("spent", "granted", "cost", "nearly"),
    [(0, 10, 7.99, False), (0, 10, 8, True), (6, 4, 1.9, False), (6, 4, 2, True), (0, None, 50, False)],
)
def test_four_fifths_of_a_budget_are_noted(spent: float, granted: float | None, cost: float, nearly: bool) -> None:
    order = ShowOrder(
        thread="t", repo="web", channel=ChannelKind.SLACK, task=1, number=1, look=Look(state=ShownState.RUNNING),
        begun=NOON, at=NOON, spent_usd=spent, granted_usd=granted,
    )  # fmt: skip
    assert order.nearly_spent(RunProgress(cost_usd=cost)) is nearly


def test_only_slack_has_a_place_that_changes() -> None:
    assert [kind for kind in ChannelKind if shows_tasks(kind)] == [ChannelKind.SLACK]
