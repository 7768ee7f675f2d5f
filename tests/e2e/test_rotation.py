"""Values change while an agent runs, which notices nothing."""

import asyncio
import os
import signal
import time

from airut.demo.script import say
from tests.e2e.conversation import LIMIT, Conversation, patient

ASKS = """
for i in $(seq 1000); do
  curl -sS -o /dev/null -H "Authorization: Bearer $SERVICE_TOKEN" -H "X-Second-Token: $SECOND_TOKEN" \
    https://echo.example.com/v1/status
  [ -e /storage/enough ] && break
  sleep 0.2
done
echo "$SERVICE_TOKEN $SECOND_TOKEN" > /storage/held
"""


async def seen(conversation: Conversation, service: str, second: str) -> None:
    """Wait until the service was shown these two."""
    deadline = time.monotonic() + LIMIT
    while True:
        found = [r for r in await conversation.internet.requests("echo.example.com") if r.at >= conversation.begun]
        shown = [(r.headers.get("authorization"), r.headers.get("x-second-token")) for r in found]
        if (f"Bearer {service}", second) in shown:
            return
        assert time.monotonic() < deadline, f"{len(shown)} requests, none with these values"
        await asyncio.sleep(0.1)


async def test_new_values_are_swapped_in_while_the_agent_holds_the_same_stand_ins(conversation: Conversation) -> None:
    stage = conversation.stage
    await conversation.plays(patient(ASKS), say("Asked often."))
    await conversation.writes("Ask the service, again and again.")
    before = stage.service_token, stage.second_token
    await seen(conversation, *before)

    stage.rotate()  # what is read from a file counts at once
    rotated = time.monotonic()
    await seen(conversation, stage.service_token, before[1])
    took = time.monotonic() - rotated
    os.kill(stage.pid, signal.SIGHUP)  # and a command is asked again
    await seen(conversation, stage.service_token, stage.second_token)

    mails = await conversation.mails()
    thread = await conversation.thread(mails[0])
    (stage.folders.of(thread).storage / "enough").touch()
    (answer,) = await conversation.answers()
    await conversation.idle(await conversation.thread(answer))
    held = (stage.folders.of(thread).storage / "held").read_text().split()
    assert len(held) == 2
    assert not {stage.service_token, stage.second_token, *before} & set(held)
    assert took < 60, took  # two seconds, on a machine that is not busy
