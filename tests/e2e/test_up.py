"""`airut up` as a person starts and stops it."""

import json
import signal

from airut.demo.script import say
from tests.e2e.conversation import Conversation


async def test_ctrl_c_stops_all_parts_in_order_and_up_goes_on_where_it_was(conversation: Conversation) -> None:
    stage = conversation.stage
    await conversation.plays(say("One."), say("Two."))
    await conversation.writes("First.")
    (first,) = await conversation.answers(1)
    thread = await conversation.thread(first)
    await conversation.idle(thread)

    before = len(stage.log)
    await stage.down(signal.SIGINT)
    lines = [json.loads(line) for line in stage.log[before:].splitlines() if line.startswith("{")]
    stopped = [line["event"].split(": ")[0] for line in lines if line["event"].endswith(": stopped")]
    assert stopped == ["intake", "sandbox_host", "control", "temporal"]

    await stage.up()
    await conversation.writes("Second.", answers=first)
    await conversation.answers(2)
    assert (await conversation.idle(thread)).tasks == 2
