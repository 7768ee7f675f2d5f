"""Which reactions a change of state puts and takes off."""

import pytest

from airut.adapters.slack.marks import Mark, marks
from airut.models.slack.settings import SlackReactions
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import Look, ShowOrder
from airut.models.tasks.shown import Shown, ShownState
from airut.models.threads.message import ChannelKind, MailRoute, SlackRoute
from tests.support.messages import NOON

FIRST, SECOND = (SlackRoute(team="T", channel="C", thread_ts="1", ts=ts, user="U") for ts in ("1", "2"))


def put(name: str, *off: str) -> list[Mark]:
    return [Mark(channel="C", ts=ts, put=name, off=off) for ts in ("1", "2")]


@pytest.mark.parametrize(
    ("before", "after", "outcome", "expected"),
    [
        (None, ShownState.QUEUED, None, put("hourglass_flowing_sand")),
        (None, ShownState.PREPARING, None, []),
        (ShownState.PREPARING, ShownState.RUNNING, None, []),
        (ShownState.RUNNING, ShownState.PAUSED, None, put("double_vertical_bar")),
        (ShownState.PAUSED, ShownState.PAUSED, None, []),
        (ShownState.PAUSED, ShownState.RUNNING, None, put("", "double_vertical_bar")),
        (ShownState.PAUSED, ShownState.QUESTION, None, put("question", "double_vertical_bar")),
        (ShownState.RUNNING, ShownState.CLOSED, TaskOutcome.SUCCESS, put("white_check_mark", "eyes")),
        (ShownState.QUESTION, ShownState.CLOSED, TaskOutcome.QUESTION_EXPIRED, put("x", "eyes", "question")),
        (ShownState.PAUSED, ShownState.CLOSED, TaskOutcome.STOPPED, put("x", "eyes", "double_vertical_bar")),
    ],
)
def test_by_state(
    before: ShownState | None, after: ShownState, outcome: TaskOutcome | None, expected: list[Mark]
) -> None:
    order = ShowOrder(
        thread="t", repo="web", channel=ChannelKind.SLACK, task=1, number=1, look=Look(state=after), begun=NOON,
        at=NOON, shown=Shown(state=before), routes=(FIRST, SECOND), outcome=outcome,
    )  # fmt: skip
    assert list(marks(order, SlackReactions())) == expected


def test_a_message_that_waited_does_so_no_more_and_other_channels_wear_nothing() -> None:
    mail = MailRoute(token="a" * 16, message_id=None, sender="ann@example.com")
    order = ShowOrder(
        thread="t", repo="web", channel=ChannelKind.SLACK, task=2, number=1, look=Look(state=ShownState.PREPARING),
        begun=NOON, at=NOON, routes=(FIRST, SECOND, mail), waited=(SECOND,),
    )  # fmt: skip
    assert list(marks(order, SlackReactions())) == [Mark(channel="C", ts="2", off=("hourglass_flowing_sand",))]
