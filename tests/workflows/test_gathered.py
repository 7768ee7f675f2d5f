"""What is known of a run that has no result."""

import pytest
from temporalio.exceptions import ActivityError, ApplicationError, RetryState, TimeoutType
from temporalio.exceptions import TimeoutError as ActivityTimeout

from airut.models.tasks.outcome import LostRun, Usage
from tests.support.agent_results import BLOB
from workflows.gathered import lost_run

LOST = LostRun(usage=Usage(cost_usd=1.5, turns=2), prompt_taken=True, transcript=BLOB, ran_s=3)


def timed_out(*told: object) -> ActivityTimeout:
    return ActivityTimeout(
        "activity ScheduleToStart timeout", type=TimeoutType.SCHEDULE_TO_START, last_heartbeat_details=told
    )


@pytest.mark.parametrize(
    ("cause", "known"),
    [
        (ApplicationError("gone", LOST.model_dump(mode="json"), type="sandbox_lost"), LOST),
        (ApplicationError("gone", type="sandbox_lost"), LostRun()),
        (
            timed_out({"step": "Bash", "cost_usd": 0.5, "transcript": BLOB.model_dump()}),
            LostRun(usage=Usage(cost_usd=0.5), transcript=BLOB),
        ),
        (timed_out({"step": "starting the sandbox"}), LostRun()),
        (timed_out(), LostRun()),
    ],
)
def test_a_failure_tells_what_a_run_had_cost_and_left(cause: Exception, known: LostRun) -> None:
    error = ActivityError(
        "failed",
        scheduled_event_id=1,
        started_event_id=2,
        identity="",
        activity_type="run_agent",
        activity_id="agent-1",
        retry_state=RetryState.TIMEOUT,
    )
    error.__cause__ = cause
    assert lost_run(error) == known


def test_any_other_failure_tells_nothing() -> None:
    assert lost_run(ValueError()) == lost_run(None) == LostRun()
