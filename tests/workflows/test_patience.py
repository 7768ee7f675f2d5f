"""How long the provider is waited for (spec: lifecycle §9)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, TaskOutcome
from airut.models.tasks.task import TaskStep
from workflows.patience import Patience, Wait, next_wait

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def wait(
    outcome: AgentOutcome, tries: int = 0, waited: timedelta = timedelta(), chance: float = 0.5, **more: object
) -> Wait:
    verdict = AgentVerdict.model_validate({"outcome": outcome, **more})
    return next_wait(verdict, Patience(since=NOW - waited, tries=tries), NOW, chance)


@pytest.mark.parametrize(("tries", "minutes"), [(0, 1), (1, 2), (2, 4), (4, 16), (5, 30), (50, 30)])
@pytest.mark.parametrize("outcome", [AgentOutcome.RATE_LIMITED, AgentOutcome.PROVIDER_UNAVAILABLE])
def test_an_overload_is_tried_again_ever_later(outcome: AgentOutcome, tries: int, minutes: int) -> None:
    found = wait(outcome, tries)
    assert found == Wait(
        step=TaskStep.AWAITING_PROVIDER, until=NOW + minutes * MINUTE, outcome=TaskOutcome.PROVIDER_UNAVAILABLE
    )
    spread = [wait(outcome, tries, chance=chance).until - NOW for chance in (0.0, 1.0)]
    assert spread == [0.8 * minutes * MINUTE, 1.2 * minutes * MINUTE]


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_a_limit_with_a_time_is_waited_for_until_a_little_after_it(chance: float) -> None:
    found = wait(AgentOutcome.RATE_LIMITED, usage_limit=True, retry_at=NOW + 5 * HOUR, chance=chance)
    assert found.until == NOW + 5 * HOUR + chance * 2 * MINUTE
    assert (found.outcome, found.over) == (TaskOutcome.USAGE_LIMITED, False)


def test_a_time_that_is_over_already_is_none() -> None:
    assert wait(AgentOutcome.RATE_LIMITED, usage_limit=True, retry_at=NOW - HOUR, chance=0.0).until == NOW + 30 * MINUTE


@pytest.mark.parametrize(
    ("outcome", "more", "waited", "over"),
    [
        (AgentOutcome.PROVIDER_UNAVAILABLE, {}, DAY - MINUTE, False),
        (AgentOutcome.PROVIDER_UNAVAILABLE, {}, DAY, True),
        (AgentOutcome.AUTH_FAILED, {}, DAY - MINUTE, False),
        (AgentOutcome.AUTH_FAILED, {}, DAY, True),
        (AgentOutcome.RATE_LIMITED, {"usage_limit": True, "retry_at": NOW + DAY}, 5 * DAY, False),
        (AgentOutcome.RATE_LIMITED, {"usage_limit": True, "retry_at": NOW + 3 * DAY}, 5 * DAY, True),
    ],
)
def test_no_wait_is_for_ever(outcome: AgentOutcome, more: dict[str, Any], waited: timedelta, over: bool) -> None:
    assert wait(outcome, 3, waited, **more).over is over


def test_a_refused_credential_is_tried_every_ten_minutes() -> None:
    found = wait(AgentOutcome.AUTH_FAILED, 40, 7 * HOUR)
    assert (found.step, found.until - NOW) == (TaskStep.AWAITING_OPERATOR, 10 * MINUTE)


def test_a_time_that_never_comes_true_is_believed_less_and_less() -> None:
    """An agent can have any time told; it must not make a task try each minute for a week."""
    now, tries = NOW, 0
    while not (found := _limited_for_a_second(now, tries)).over:
        now, tries = found.until, tries + 1
    assert tries < 50
    assert now - NOW <= 7 * DAY


def _limited_for_a_second(now: datetime, tries: int) -> Wait:
    soon = now + timedelta(seconds=1)
    verdict = AgentVerdict(outcome=AgentOutcome.RATE_LIMITED, usage_limit=True, retry_at=soon)
    return next_wait(verdict, Patience(since=NOW, tries=tries), now, 0.5)
