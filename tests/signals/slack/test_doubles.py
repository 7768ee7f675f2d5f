"""One message is one message, however it comes: events in any order, clients that send twice, several listeners."""

import asyncio
from pathlib import Path

import pytest

from airut.models.threads.message import InboundMessage
from tests.signals.slack.stage import HURRIED, MENTION, Stage, intake_of, settings_of


@pytest.mark.parametrize("first", ["message", "app_mention"])
async def test_both_events_of_a_mention_in_either_order(stage: Stage, first: str) -> None:
    post = stage.server.workspace.post(stage.channel, stage.ann, f"{MENTION} do it")
    events = stage.server.events(stage.channel, post, mention=True)
    for event in sorted(events, key=lambda event: event["type"] != first):
        stage.server.event(event)
        await stage.settled()
    assert stage.threads.texts == ["do it"]


async def test_a_client_that_sends_twice(stage: Stage) -> None:
    direct = stage.server.workspace.direct(stage.ann)
    for _ in range(2):
        stage.server.write(direct, stage.ann, "do it", client_msg_id="c-1")
        await stage.settled()
    assert stage.threads.texts == ["do it"]
    assert len(direct.posts) == 2


async def test_two_posts_in_a_new_thread_meet(stage: Stage) -> None:
    """The second does not mention us, and Temporal has the first only when both are in hand."""
    stage.threads.delay = 0.1
    begun = stage.server.workspace.post(stage.channel, stage.ann, f"{MENTION} do it")
    stage.server.write(stage.channel, stage.ann, "and this", thread=begun["ts"])
    await asyncio.sleep(0.05)
    for event in stage.server.events(stage.channel, begun, mention=True):
        stage.server.event(event)
    await stage.settled()
    assert sorted(text or "" for text in stage.threads.texts) == ["and this", "do it"]
    assert len({each.thread for each in stage.threads.accepted if isinstance(each, InboundMessage)}) == 1


async def test_several_listeners_share_the_work(stage: Stage, tmp_path: Path) -> None:
    other = intake_of(settings_of(stage.server), stage.threads, tmp_path)
    running = asyncio.create_task(other.run())
    await stage.server.until(lambda: stage.server.connections == 2)
    direct = stage.server.workspace.direct(stage.ann)
    for number in range(3):
        stage.server.write(direct, stage.ann, str(number))
    await stage.settled()
    stage.server.sockets.ack_timeout = HURRIED
    await stage.intake.drain()  # the first takes nothing more: what it is sent comes again, to the other
    stage.server.write(direct, stage.ann, "3")
    await stage.settled()
    assert sorted(text or "" for text in stage.threads.texts) == ["0", "1", "2", "3"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
