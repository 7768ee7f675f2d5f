"""`airut up` is stopped, drained and started again while agents work."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from airut import contracts
from airut.demo.script import Step, ToolUse, bash, say
from airut.demo.stage import STOP_LIMIT
from airut.models.blob import Text
from airut.models.hosts.folders import ThreadFolders
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.command import CommandName, ThreadCommand
from airut.models.threads.thread import ThreadPhase
from airut.temporal.hosts import open_tasks
from signals.console import console_message
from tests.e2e.conversation import LIMIT, Conversation, airut, patient, served

SLOW = Step(
    tool=ToolUse(name="Bash", input={"command": "echo ran >> /storage/runs; sleep 600; date +%s > /storage/end"})
)


UNTIL_TOLD = patient("echo ran >> /storage/runs; until [ -e /storage/go ]; do sleep 0.2; done; date +%s > /storage/end")


async def agents() -> list[str]:
    """The containers of agents that run on this machine."""
    command = ("podman", "ps", "--quiet", "--filter", "label=airut.role=agent")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().split()


async def nobody_works(conversation: Conversation) -> None:
    """Wait for what tests before this one left running: these tests look at the whole machine."""
    client = await conversation.stage.client()
    async with asyncio.timeout(LIMIT):
        while await agents() or any((await open_tasks(client)).values()):
            await asyncio.sleep(0.2)


async def test_an_agent_runs_on_while_airut_is_down(conversation: Conversation) -> None:
    stage = conversation.stage
    await nobody_works(conversation)
    await conversation.plays(UNTIL_TOLD, bash("cat /storage/runs"), say("Still here."))
    await conversation.writes("Work for a while.")
    async with asyncio.timeout(LIMIT):
        while not await conversation.prompts() or not (mails := await conversation.mails()):
            await asyncio.sleep(0.1)
    thread = await conversation.thread(mails[0])
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
    working = stage.folders.of(thread).storage
    await asyncio.sleep(1)
    (working / "go").touch()
    async with asyncio.timeout(LIMIT):
        while not (working / "end").exists():
            await asyncio.sleep(0.2)

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
    await nobody_works(conversation)
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


async def test_stop_agents_pauses_first_and_the_thread_goes_on_when_it_is_resumed(conversation: Conversation) -> None:
    stage = conversation.stage
    await nobody_works(conversation)
    await conversation.plays(SLOW, say("Went on."))
    await conversation.writes("Work for a while.")
    async with asyncio.timeout(LIMIT):
        while not await conversation.prompts():
            await asyncio.sleep(0.1)
    code, printed = await airut(conversation, "down", "--stop-agents")
    assert code == 0, printed
    paused, *_, stopped = printed.splitlines()
    assert (paused[:16], stopped) == ("paused web/mail/", "stopped")
    assert await agents() == []
    await stage.down()

    await stage.up()
    await served(stage)
    thread = paused.removeprefix("paused ")
    assert (await conversation.status(thread)).phase is ThreadPhase.PAUSED
    message = console_message("web", Text(inline=""), "", datetime.now(UTC), thread)
    command = ThreadCommand(name=CommandName.RESUME, message=message, answered=False)
    await (await stage.client()).get_workflow_handle(thread).signal(contracts.CONTROL, command)
    (answer,) = await conversation.answers()
    assert await conversation.thread(answer) == thread
    assert (await conversation.idle(thread)).tasks == 1


async def test_a_second_host_on_this_machine_takes_what_a_drained_one_does_not(
    conversation: Conversation, tmp_path: Path
) -> None:
    stage, first = conversation.stage, conversation.stage.config.state
    own = tmp_path / "second.yaml"
    text = stage.config_file.read_text()
    assert str(first) in text
    shared = f"\nblobs: {{path: {first}/blobs}}\nsecurity: {{surrogate_key: {first}/surrogate.key}}\n"
    own.write_text(text.replace(f"state_dir: {first}", f"state_dir: {tmp_path}/state") + shared)
    command = (str(Path(sys.executable).with_name("airut")), "--config", str(own))
    await conversation.plays(bash("echo x > /storage/here"), say("From the second."))
    assert (await airut(conversation, "drain"))[0] == 0
    second = await asyncio.create_subprocess_exec(
        *command, "worker", "host", "--host-id", "second", env=stage.environment
    )
    try:
        await conversation.writes("Who is there?")
        (answer,) = await conversation.answers()
        status = await conversation.idle(await conversation.thread(answer))
        assert status.host == "second"
        storage = ThreadFolders(state=tmp_path / "state").of(status.thread).storage
        assert (storage / "here").read_text() == "x\n"
        _, printed = await airut(conversation, "host", "list", "--json")
        hosts = {row["host"]: (row["state"], row["up"]) for row in json.loads(printed)["hosts"]}
        assert hosts.pop("second") == ("serving", True)
        assert list(hosts.values()) == [("drained", True)]
    finally:
        second.terminate()
        assert await asyncio.wait_for(second.wait(), STOP_LIMIT) == 0
        assert (await airut(conversation, "drain", "--undo"))[0] == 0
