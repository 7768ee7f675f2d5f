"""Commands over real mail and the real command line, on an agent that is really at work."""

import asyncio
from pathlib import Path

from airut.demo.script import Step, bash, say
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.thread import ThreadPhase
from tests.e2e.conversation import LIMIT, Conversation, airut, body


def working(first: str) -> tuple[Step, ...]:
    """A model that has its agent work until it is interrupted, or may go."""
    work = f"echo {first} > /workspace/{first} && echo begun-{first} && until test -e /storage/go; do sleep 0.2; done"
    return (bash(work), say("All done."))


async def started(conversation: Conversation, file: str) -> str:
    """Wait until the agent has begun; its thread."""
    async with asyncio.timeout(LIMIT):
        while True:
            for workspace in conversation.stage.folder.joinpath("state", "threads").glob("*/*/*/workspace"):
                if (workspace / file).is_file():
                    return "/".join(workspace.parts[-4:-1])
            await asyncio.sleep(0.1)


async def notes(conversation: Conversation, count: int) -> list[str]:
    """The texts of what was said besides answers."""
    async with asyncio.timeout(LIMIT):
        while True:
            found = [body(mail) for mail in await conversation.mails() if ".note." in str(mail["Message-ID"])]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.2)


async def test_stop_by_mail_ends_the_task_and_is_answered(conversation: Conversation) -> None:
    await conversation.plays(*working("stopped.txt"))
    first = await conversation.writes("Work for long.")
    thread = await started(conversation, "stopped.txt")
    await conversation.writes("Stop.\n\n-- \nAnn\n", first)
    (answer,) = await conversation.answers()
    assert "stopped" in body(answer).lower()
    (note,) = await notes(conversation, 1)
    assert "Task 1 ended as `stopped`." in note
    status = await conversation.idle(thread)
    assert status.recent[-1].outcome is TaskOutcome.STOPPED
    await conversation.writes("/halt", first)
    assert "`halt` is not a command" in (await notes(conversation, 2))[-1]
    await conversation.writes("", first)
    assert "Your message was empty." in (await notes(conversation, 3))[-1]
    assert (await conversation.status(thread)).tasks == 1


async def test_pause_logs_resume_and_close_from_the_command_line(conversation: Conversation) -> None:
    await conversation.plays(*working("paused.txt"))
    await conversation.writes("Work for long.")
    thread = await started(conversation, "paused.txt")
    code, printed = await airut(conversation, "thread", "pause", thread)
    assert (code, "is paused" in printed) == (0, True), printed
    assert (await conversation.status(thread)).phase is ThreadPhase.PAUSED
    code, printed = await airut(conversation, "task", "logs", thread)
    assert (code, "▸ Bash: echo paused.txt" in printed) == (0, True), printed
    code, printed = await airut(conversation, "task", "logs", thread, "--network")
    assert (code, "POST https://" in printed) == (0, True), printed
    conversation.stage.folders.of(thread).storage.joinpath("go").touch()  # frozen, it does not see that yet
    code, printed = await airut(conversation, "thread", "resume", thread)
    assert (code, printed) == (0, "Task 1 goes on. No message waits.\n")
    (answer,) = await conversation.answers()
    assert "All done." in body(answer)  # what the model says after the tool call that the pause fell into
    code, printed = await airut(conversation, "task", "replay", thread)
    assert (code, printed.endswith("replayed, deterministic\n")) == (0, True), printed
    code, printed = await airut(conversation, "thread", "close", thread)
    assert (code, "is closed" in printed) == (0, True), printed
    async with asyncio.timeout(LIMIT):
        while Path(conversation.stage.folders.of(thread).workspace).exists():
            await asyncio.sleep(0.2)
