"""A process tells how it fares, as long as it runs."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.models.credentials.redaction import Redactor
from airut.models.slack.settings import SlackChannel
from airut.ports.health import ChannelHealth, HealthReport
from signals.status import ListenerState, ListenerStatus
from workers.health import host_health, intake_report, telling
from workers.wiring import Listening

AT = datetime(2026, 3, 2, tzinfo=UTC)


class Board:
    def __init__(self) -> None:
        self.put_ones: list[str] = []
        self.full = True
        self.tries = 0

    def put(self, report: HealthReport) -> None:
        self.tries += 1
        if self.full:
            raise OSError("no space left")
        self.put_ones.append(report.process)

    def reports(self) -> tuple[HealthReport, ...]:
        return ()


async def test_a_board_that_takes_nothing_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    board = Board()
    async with telling(board, lambda: HealthReport(process="intake", at=AT), every=0.01):
        while board.tries < 4:
            await asyncio.sleep(0.01)
        board.full = False
        while len(board.put_ones) < 2:
            await asyncio.sleep(0.01)
    told = len(board.put_ones)
    await asyncio.sleep(0.05)
    assert len(board.put_ones) == told
    said = [record.message for record in caplog.records]
    assert said == ["the dashboard cannot be told how this process fares: no space left"]


def test_an_intake_tells_of_each_listener_without_secrets() -> None:
    channel = SlackChannel.model_validate(
        {"bot_token": "xoxb-1-2-three", "app_token": "xapp-1-2-3-four", "authorized": [{"workspace_members": True}]}
    )
    status = ListenerStatus(state=ListenerState.DEGRADED, since=AT, reason="refused: xoxb-1-2-three", next_try=AT)
    redactor = Redactor({"xoxb-1-2-three": "[bot token]"})
    (told,) = intake_report([(Listening(repo="web", channel=channel), status)], redactor, AT).channels
    assert told == ChannelHealth(
        repo="web", channel="slack", state="degraded", since=AT, reason="refused: [bot token]", next_try=AT
    )


def test_a_host_tells_of_its_disk(tmp_path: Path) -> None:
    found = host_health("box", 3, tmp_path, 0.1)
    assert (found.host, found.slots, found.min_free, 0 < found.disk_free < found.disk_total) == ("box", 3, 0.1, True)
    with pytest.raises(OSError, match="No such file"):
        host_health("box", 3, tmp_path / "gone", 0.1)
