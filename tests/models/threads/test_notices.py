"""Why a message is not taken up yet, in words."""

from datetime import timedelta

import pytest

from airut.models.tasks.task import TaskStep
from airut.models.threads.notices import waits_in_queue
from airut.models.threads.steering import TaskStatus
from tests.support.messages import NOON


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (None, "which is still worked on"),
        (TaskStep.AGENT, "which is still worked on"),
        (TaskStep.AWAITING_ANSWER, "which waits for an answer to its question"),
        (TaskStep.PAUSED, "which is paused"),
        (TaskStep.AWAITING_PROVIDER, "which waits for the model's provider, until 2026-03-29 14:00 UTC for now"),
    ],
)
def test_behind_what_a_message_waits(step: TaskStep | None, why: str) -> None:
    status = TaskStatus(step=step, since=NOON, until=NOON + timedelta(hours=2)) if step else None
    assert waits_in_queue(2, 7, status) == (
        f"Your message has arrived. It is number 2 in the queue of this conversation, behind task 7, {why}. "
        "It is taken up by itself; `stop`, alone in a reply, ends that task."
    )
