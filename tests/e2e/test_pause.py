"""Commands by mail, on a task whose agent is at work; a pause holds while everything is killed and comes back."""

import asyncio
import signal
import time
from email.message import EmailMessage

from airut.cli.pausing import pause
from airut.demo.script import Step, ToolUse, bash, say
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.thread import ThreadPhase
from tests.e2e.conversation import LIMIT, Conversation, body, served

SLOW = Step(
    text="I begin.",
    tool=ToolUse(name="Bash", input={"command": "echo begun >> /storage/runs; sleep 600", "description": "wait"}),
)


async def note(conversation: Conversation, words: str) -> EmailMessage:
    """Wait for a note of the robot that says this."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        for mail in await conversation.mails():
            if ".note." in str(mail["Message-ID"]) and words in body(mail):
                return mail
        await asyncio.sleep(0.2)
    raise TimeoutError(f"no note says {words!r}\n{conversation.stage.log[-6000:]}")


async def at_work(conversation: Conversation) -> tuple[EmailMessage, str]:
    """A first mail whose agent is in a tool call that does not end; and the thread's id."""
    first = await conversation.writes("Work for a long while.")
    async with asyncio.timeout(LIMIT):
        while not await conversation.prompts():
            await asyncio.sleep(0.1)
        while not (mails := await conversation.mails()):  # the acknowledgement
            await asyncio.sleep(0.1)
    thread = await conversation.thread(mails[0])
    runs = conversation.stage.folders.of(thread).storage / "runs"
    async with asyncio.timeout(LIMIT):
        while not runs.exists():
            await asyncio.sleep(0.1)
    return first, thread


WAITS = Step(
    text="I begin.",
    tool=ToolUse(
        name="Bash",
        input={
            "command": "echo begun >> /storage/runs; until test -e /storage/go; do sleep 0.1; done",
            "description": "wait",
        },
    ),
)


async def states(thread: str) -> list[str]:
    """Of the containers of a thread's agents on this machine."""
    mine = ("--filter", "label=airut.role=agent", "--filter", f"label=airut.thread={thread}")
    command = ("podman", "ps", "--all", "--format", "{{.State}}", *mine)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return output.decode().lower().split()


async def test_a_frozen_agent_goes_on_in_the_middle_of_its_tool_after_a_restart_of_everything(
    conversation: Conversation,
) -> None:
    stage = conversation.stage
    await conversation.plays(WAITS, say("Done after the pause."))
    first, thread = await at_work(conversation)
    begun = time.monotonic()
    await conversation.writes("Pause.", answers=first)
    said = body(await note(conversation, "is paused"))
    print(f"a pause took {time.monotonic() - begun:.1f} s")
    assert "Its agent is frozen until " in said
    assert await states(thread) == ["paused"]
    stage.folders.of(thread).storage.joinpath("go").touch()

    await stage.down(signal.SIGKILL)
    await stage.up()
    await served(stage)
    status = await conversation.status(thread)
    assert (status.phase, status.open_task and status.open_task.frozen) == (ThreadPhase.PAUSED, True)
    assert await states(thread) == ["paused"]
    assert len(await conversation.prompts()) == 1  # the tool would have ended at once
    await conversation.writes("resume", answers=first)
    (answer,) = await conversation.answers()
    status = await conversation.idle(thread)
    assert "Done after the pause." in body(answer)
    assert [task.outcome for task in status.recent] == [TaskOutcome.NO_CHANGES]
    assert stage.folders.of(thread).storage.joinpath("runs").read_text() == "begun\n"
    prompts = await conversation.prompts()
    assert len(prompts) == 2
    assert "You were paused" not in prompts[-1]  # it has noticed nothing
    assert await states(thread) == []


async def test_a_pause_that_ends_its_agent_holds_over_a_restart_of_everything_and_the_session_goes_on(
    conversation: Conversation,
) -> None:
    stage = conversation.stage
    await conversation.plays(SLOW, bash("cat /storage/runs"), say("Done after the pause."))
    first, thread = await at_work(conversation)
    await pause(await stage.client(), thread)
    async with asyncio.timeout(LIMIT):
        while not (await conversation.status(thread)).commands:
            await asyncio.sleep(0.1)
    assert await states(thread) == []
    assert (await conversation.status(thread)).phase is ThreadPhase.PAUSED

    await stage.down(signal.SIGKILL)
    await stage.up()
    await served(stage)
    assert (await conversation.status(thread)).phase is ThreadPhase.PAUSED
    await conversation.writes("resume", answers=first)
    await note(conversation, "goes on")
    (answer,) = await conversation.answers()
    status = await conversation.idle(thread)
    assert "Done after the pause." in body(answer)
    assert [task.outcome for task in status.recent] == [TaskOutcome.NO_CHANGES]
    assert stage.folders.of(thread).storage.joinpath("runs").read_text() == "begun\n"
    last = (await conversation.prompts())[-1]
    assert "You were paused from" in last
    assert "Work for a long while." in last  # the same session


async def test_a_stop_by_mail_says_what_was_done_and_a_status_what_is(conversation: Conversation) -> None:
    await conversation.plays(SLOW, say("never said"))
    first, thread = await at_work(conversation)
    await conversation.writes("/status", answers=first)
    status = body(await note(conversation, "is running task 1"))
    assert "running task 1 (agent)" in status
    begun = time.monotonic()
    await conversation.writes("STOP", answers=first)
    (answer,) = await conversation.answers()
    print(f"a stop took {time.monotonic() - begun:.1f} s")
    assert "The task was stopped by ann@mail.test." in body(answer)
    assert "I begin." in body(answer)
    assert "Task 1 ended as `stopped`" in body(await note(conversation, "ended as `stopped`"))
    assert (await conversation.idle(thread)).recent[0].outcome is TaskOutcome.STOPPED
