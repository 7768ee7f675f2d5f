"""Showing and following, with a display that notes what it is given."""

import asyncio

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.progress import MISSED_MOST, ProgressShows
from airut.errors import CensusUnavailable, DeliveryDeferred
from airut.models.credentials.redaction import Redactor
from airut.models.tasks.progress import Look, RunProgress, ShowOrder
from airut.models.tasks.shown import Shown, ShownState
from airut.models.threads.message import ChannelKind
from airut.ports.display import Display
from tests.support.messages import NOON

ORDER = ShowOrder(
    thread="web/slack/t", repo="web", channel=ChannelKind.SLACK, task=3, number=1, begun=NOON, at=NOON,
    look=Look(state=ShownState.WAITING, detail="refused: s3cret-value"), shown=Shown(message="1.1"),
)  # fmt: skip


class Board:
    """A display, for every repository."""

    interval = 0.01

    def __init__(self, *answers: Shown) -> None:
        self.shown: list[ShowOrder] = []
        self.updates: list[RunProgress] = []
        self.left = 0
        self._answers = list(answers)

    def of(self, repo: str, kind: ChannelKind) -> Display | None:
        return self if repo == "web" else None

    async def show(self, order: ShowOrder) -> Shown:
        self.shown.append(order)
        if order.number == 0:
            raise DeliveryDeferred("a limit", 30)
        return Shown(message="1.2")

    async def update(self, order: ShowOrder, run: RunProgress) -> Shown:
        self.updates.append(run)
        return self._answers.pop(0) if self._answers else order.shown

    def leave(self, order: ShowOrder) -> None:
        self.left += 1


class Runs:
    """What the agent tells, look by look; then it is gone."""

    def __init__(self, *told: RunProgress | Exception | None) -> None:
        self.told = list(told)
        self.asked: list[str] = []

    async def of(self, task: str) -> RunProgress | None:
        self.asked.append(task)
        found = self.told.pop(0) if self.told else None
        if isinstance(found, Exception):
            raise found
        return found


async def test_no_secret_is_shown() -> None:
    board = Board()
    shows = ProgressShows(board, Runs(), Redactor({"s3cret-value": "***"}))
    assert await ActivityEnvironment().run(shows.show_progress, ORDER) == Shown(message="1.2")
    assert board.shown[0].look.detail == "refused: ***"


async def test_a_limit_says_when_it_is_tried_again() -> None:
    with pytest.raises(ApplicationError) as raised:
        await ActivityEnvironment().run(
            ProgressShows(Board(), Runs()).show_progress, ORDER.model_copy(update={"number": 0})
        )
    assert raised.value.next_retry_delay is not None
    assert (raised.value.next_retry_delay.total_seconds(), raised.value.non_retryable) == (30, False)


async def test_a_channel_that_is_gone_shows_nothing() -> None:
    shows, other = ProgressShows(Board(), Runs()), ORDER.model_copy(update={"repo": "other"})
    assert await ActivityEnvironment().run(shows.show_progress, other) == ORDER.shown
    assert await ActivityEnvironment().run(shows.follow_progress, other) == ORDER.shown


async def test_an_agent_is_followed_until_it_is_gone() -> None:
    first, second = RunProgress(step="one"), RunProgress(step="two")
    board, runs = Board(), Runs(first, None, CensusUnavailable("away"), second)
    assert await ActivityEnvironment().run(ProgressShows(board, runs).follow_progress, ORDER) == ORDER.shown
    assert board.updates == [first, second]
    assert runs.asked == ["web/slack/t/task-3"] * (4 + MISSED_MOST)
    assert board.left == 1


async def test_it_ends_when_its_message_is_deleted() -> None:
    gone = Shown(message="1.1", gone=True)
    board, runs = Board(gone), Runs(RunProgress(), RunProgress())
    assert await ActivityEnvironment().run(ProgressShows(board, runs).follow_progress, ORDER) == gone
    assert len(board.updates) == 1


async def test_it_heartbeats_and_ends_with_a_cancel() -> None:
    board, runs, environment, beats = Board(), Runs(*[RunProgress()] * 10_000), ActivityEnvironment(), list[object]()
    environment.on_heartbeat = lambda *details: beats.append(details)
    following = asyncio.ensure_future(environment.run(ProgressShows(board, runs).follow_progress, ORDER))
    while not board.updates:
        await asyncio.sleep(0.01)
    environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert beats
    assert board.left == 1
