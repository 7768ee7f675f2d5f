"""Messages that people change or take back: what reaches a thread of it."""

import asyncio

import pytest

from airut.models.threads.command import ThreadCommand
from airut.models.threads.message import InboundMessage
from tests.signals.slack.stage import MENTION, Stage


async def test_an_edit_reaches_the_thread_of_its_message(stage: Stage) -> None:
    post = stage.server.write(stage.channel, stage.ann, f"{MENTION} add a test", mention=True)
    await stage.settled()
    stage.server.edit(stage.channel, post, f"{MENTION} effort: high\nadd two tests")
    await stage.settled()
    (message,), (amendment,) = stage.threads.accepted, stage.threads.amendments
    assert isinstance(message, InboundMessage)
    assert isinstance(amendment.becomes, InboundMessage)
    assert (amendment.target, amendment.thread, amendment.at) == (
        message.key,
        message.thread,
        float(post["edited"]["ts"]),
    )
    assert (amendment.becomes.text.inline, amendment.becomes.hints.effort) == ("add two tests", "high")
    assert (amendment.becomes.key, amendment.begins) == (message.key, False)


async def test_an_edit_can_make_a_command_of_a_message(stage: Stage) -> None:
    direct = stage.server.workspace.direct(stage.ann)
    post = stage.server.write(direct, stage.ann, "stpo")
    await stage.settled()
    stage.server.edit(direct, post, "stop")
    await stage.settled()
    (amendment,) = stage.threads.amendments
    assert isinstance(amendment.becomes, ThreadCommand)
    assert amendment.becomes.name == "stop"


async def test_a_message_taken_back_alone_or_with_a_thread_below_it(stage: Stage) -> None:
    alone = stage.server.write(stage.channel, stage.ann, f"{MENTION} one", mention=True)
    begun = stage.server.write(stage.channel, stage.ann, f"{MENTION} two", mention=True)
    await stage.settled()
    reply = stage.server.write(stage.channel, stage.ann, "more", thread=begun["ts"])
    await stage.settled()
    one, two, more = (each for each in stage.threads.accepted if isinstance(each, InboundMessage))
    for post in (alone, reply, begun):
        stage.server.delete(stage.channel, post)
        await stage.settled()
    assert [(each.target, each.thread, each.becomes) for each in stage.threads.amendments] == [
        (one.key, one.thread, None),
        (more.key, two.thread, None),
        (two.key, two.thread, None),
    ]


async def test_an_edit_that_first_mentions_us_is_a_new_message(stage: Stage) -> None:
    post = stage.server.write(stage.channel, stage.ann, "add a test")
    await stage.settled()
    assert stage.threads.accepted == []
    stage.server.edit(stage.channel, post, f"{MENTION} add a test")
    await stage.server.until(lambda: stage.threads.texts == ["add a test"])
    assert [each.begins for each in stage.threads.amendments] == [True]


async def test_an_edit_without_a_thread_is_tried_three_times(stage: Stage) -> None:
    post = stage.server.write(stage.channel, stage.ann, "people talking")
    await stage.settled()
    stage.server.edit(stage.channel, post, "people talk")
    await stage.settled()  # acknowledged after the first
    await stage.server.until(lambda: len(stage.threads.amendments) == 3)
    await asyncio.sleep(0.2)
    assert len(stage.threads.amendments) == 3
    assert len({each.key for each in stage.threads.amendments}) == 1
    assert stage.threads.accepted == []


async def test_what_slack_itself_changes_is_no_edit(stage: Stage) -> None:
    direct = stage.server.workspace.direct(stage.ann)
    post = stage.server.write(direct, stage.ann, "see https://a.test")
    unfurled = {**post, "attachments": [{"title": "A", "from_url": "https://a.test"}]}
    stage.server.event(
        {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "channel": direct.id,
            "channel_type": "im",
            "ts": stage.server.workspace.ts(),
            "message": unfurled,
            "previous_message": post,
        }
    )
    await stage.settled()
    assert stage.threads.amendments == []
    assert stage.threads.texts == ["see https://a.test"]


@pytest.mark.parametrize("flag", ["deleted", "is_stranger"])
async def test_nobody_edits_who_may_not_ask(stage: Stage, flag: str) -> None:
    other = stage.server.workspace.person("other", flags=frozenset({flag}))
    post = stage.server.workspace.post(stage.channel, other, "hello")
    stage.server.edit(stage.channel, post, f"{MENTION} hello")
    await stage.settled()
    assert (stage.threads.amendments, stage.threads.accepted) == ([], [])
