"""Processes are killed with SIGKILL at the worst moments: every message counts once, and every answer is posted once."""

import signal
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from airut.models.tasks.reply import Outbound, ReplyKind
from airut.models.threads.message import SlackRoute
from tests.signals.slack.killed import answer, ended, handed_over, listen, process
from tests.signals.slack.stage import MENTION
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import BOT_USER, TEAM


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer.running(ack_timeout=0.5) as server:
        yield server
        assert server.refused == []


async def test_the_intake_is_killed_before_while_and_after_a_message_is_handed_over(
    slack: SlackServer, tmp_path: Path
) -> None:
    ann = slack.workspace.person("ann")
    channel, direct = slack.workspace.channel("general", ann), slack.workspace.direct(ann)

    async with process(listen, slack.base, tmp_path, "first", True) as intake:
        await slack.until(lambda: slack.connections == 1)
        slack.write(direct, ann, "first")
        assert await ended(intake) == -signal.SIGKILL  # Temporal does not have it
    assert handed_over(tmp_path) == []

    async with process(listen, slack.base, tmp_path, "second", False) as intake:
        await slack.until(lambda: handed_over(tmp_path) == ["first"])
        begun = slack.write(channel, ann, f"{MENTION} second", mention=True)["ts"]
        assert await ended(intake) == -signal.SIGKILL  # Temporal has it, and Slack does not know
    assert handed_over(tmp_path) == ["first", "second"]
    unknown = slack.envelopes[-2:]  # a mention comes as two events
    assert not any(envelope.acknowledged.is_set() for envelope in unknown)

    async with process(listen, slack.base, tmp_path, "", False):
        await slack.until(lambda: slack.connections == 1)
        third = slack.event(slack.events(direct, slack.workspace.post(direct, ann, "third"), mention=False)[0])
        await slack.until(third.acknowledged.is_set)  # Temporal has it, and Slack knows
    assert handed_over(tmp_path) == ["first", "second", "third"]

    for place, text, thread in [
        (direct, "fourth", None),
        (channel, f"{MENTION} fifth", None),
        (channel, "sixth", begun),
    ]:
        slack.workspace.post(
            place, ann, text, thread=thread
        )  # while nobody listens, and Slack has given up on its events
    (tmp_path / "marks.json").unlink()  # nobody knows any more how far it was read
    async with process(listen, slack.base, tmp_path, "", False):
        await slack.until(lambda: len(handed_over(tmp_path)) >= 6)
    assert handed_over(tmp_path) == ["first", "second", "third", "fourth", "fifth", "sixth"]


async def test_the_sender_is_killed_after_it_has_posted_and_before_it_can_say_so(
    slack: SlackServer, tmp_path: Path
) -> None:
    ann = slack.workspace.person("ann")
    channel = slack.workspace.channel("general", ann)
    asked = slack.workspace.post(channel, ann, "do it")
    markdown = "\n\n".join(letter * 2900 for letter in "abcdefghijkl")  # four messages
    route = SlackRoute(team=TEAM, channel=channel.id, thread_ts=asked["ts"], ts=asked["ts"], user=ann.id)
    outbound = Outbound(
        key="k", repo="web", thread="t", task=1, kind=ReplyKind.ANSWER, at=datetime.now(UTC), markdown=markdown,
        routes=(route,), again=True,
    )  # fmt: skip

    def said() -> list[str]:
        return [str(post["text"])[0] for post in channel.thread(asked["ts"]) if post["user"] == BOT_USER]

    slack.faults.append(Fault("chat.postMessage", after_effect=True, silent=60))
    async with process(answer, slack.base, tmp_path, outbound) as sender:
        await slack.until(lambda: len(said()) == 1)
        assert sender.exitcode is None  # killed with the answer to its call on the way
    # The third part fails: the first two are not said again.
    slack.faults += [Fault("chat.postMessage", after_effect=True), Fault("chat.postMessage", after_effect=True)]
    for parts in (2, 3):
        async with process(answer, slack.base, tmp_path, outbound) as sender:
            assert await ended(sender) == 1
        assert len(said()) == parts
    async with process(answer, slack.base, tmp_path, outbound) as sender:
        assert await ended(sender) == 0
    assert said() == ["a", "d", "g", "j"]
