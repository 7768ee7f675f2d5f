"""`airut up` is stopped, drained and started again while agents work."""

import asyncio
import json
import time
from pathlib import Path

from airut.demo.script import Step, ToolUse, bash, say
from airut.models.outcome import TaskOutcome
from tests.e2e.conversation import LIMIT, Conversation, airut

SLOW = Step(
    tool=ToolUse(name="Bash", input={"command": "echo ran >> /storage/runs; sleep 15; date +%s > /storage/end"})
)


async def agents() -> list[str]:
    """The containers of agents that run on this machine."""
    command = ("podman", "ps", "--quiet", "--filter", "label=airut.role=agent")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().split()


async def test_an_agent_runs_on_while_airut_is_down(conversation: Conversation) -> None:
    stage = conversation.stage
    await conversation.plays(SLOW, bash("cat /storage/runs"), say("Still here."))
    await conversation.writes("Work for a while.")
    async with asyncio.timeout(LIMIT):
        while not await conversation.prompts():
            await asyncio.sleep(0.1)
    code, printed = await airut(conversation, "up")
    assert (code, f"runs already on {stage.config.state} (process {stage.pid}); `airut down` stops it" in printed) == (
        6,
        True,
    ), printed
    (before,) = await agents()

    begun = time.monotonic()
    assert await airut(conversation, "down") == (0, "stopped\n")
    print(f"airut down took {time.monotonic() - begun:.1f} s")
    down = time.time()
    assert await agents() == [before]
    assert await airut(conversation, "down") == (0, f"airut up does not run on {stage.config.state}\n")
    await stage.down()

    await stage.up()
    (answer,) = await conversation.answers()
    status = await conversation.idle(await conversation.thread(answer))
    await asyncio.sleep(1)
    assert len(await conversation.answers()) == 1
    assert [task.outcome for task in status.recent] == [TaskOutcome.NO_CHANGES]
    storage: Path = stage.folders.of(status.thread).storage
    assert (storage / "runs").read_text() == "ran\n"
    assert int((storage / "end").read_text()) > down  # it worked while nothing of ours did
    assert len(await conversation.prompts()) == 3
    assert await agents() == []


async def test_a_drained_host_is_listed_and_takes_no_thread(conversation: Conversation) -> None:
    await conversation.plays(say("Here."))
    code, printed = await airut(conversation, "host", "list", "--json")
    assert code == 0, printed
    (host,) = json.loads(printed)["hosts"]
    assert (host["state"], host["up"], host["tasks"]) == ("serving", True, [])
    name = host["host"]

    assert await airut(conversation, "drain", "nowhere") == (
        5,
        "no host nowhere; `airut host list` shows what there is\n",
    )
    assert await airut(conversation, "drain", "--wait") == (
        0,
        f"{name} takes no new threads\nno task of {name} runs\n",
    )
    await conversation.writes("Is anybody there?")
    await asyncio.sleep(3)
    assert "drained" in (await airut(conversation, "host", "list"))[1]
    assert not [mail for mail in await conversation.mails() if ".done." in str(mail["Message-ID"])]
    assert await airut(conversation, "drain", name, "--undo") == (0, f"{name} takes new threads\n")
    await conversation.answers()
