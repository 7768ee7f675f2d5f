"""One person's conversation with the robot, over real mail."""

import asyncio
import os
import sys
import time
import uuid
from email.message import EmailMessage
from pathlib import Path

from airut.demo.internet import Internet
from airut.demo.mailbox import compose
from airut.demo.script import Script, Step, use
from airut.demo.stage import PERSON, ROBOT, Stage
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from airut.temporal.host_directory import TemporalHostDirectory
from tests.support.asking import status_of

LIMIT = 180.0
"""Seconds to wait for anything: ten times what it takes on a quiet machine, the first image included."""


async def airut(conversation: "Conversation", *arguments: str) -> tuple[int, str]:
    """Run the command line; exit code and all that it printed."""
    stage = conversation.stage
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("airut")),
        *arguments,
        env={**os.environ, **stage.environment, "AIRUT_CONFIG": str(stage.config_file), "COLUMNS": "120"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


def patient(command: str) -> Step:
    """A command that may take ten minutes: Claude Code ends others after two."""
    return use("Bash", {"command": command, "description": "Run a command", "timeout": 600_000})


async def served(stage: Stage) -> None:
    """Wait until a control worker is there: `up` waits for Temporal alone, and a command that watches a thread gives up
    after ten seconds."""
    directory = TemporalHostDirectory(await stage.client())
    async with asyncio.timeout(LIMIT):
        while not await directory.control_polls():
            await asyncio.sleep(0.2)


class Conversation:
    """Mails of one subject, which nothing else in the mailbox has."""

    def __init__(self, stage: Stage, internet: Internet) -> None:
        self.stage = stage
        self.internet = internet
        self.subject = f"Task {uuid.uuid4().hex[:12]}"
        self.begun = time.time()

    async def plays(self, *steps: Step) -> None:
        """What the model says in this test."""
        await self.internet.register(self.stage.model_key, Script(steps=steps))

    async def writes(self, text: str, answers: EmailMessage | None = None, author: str = PERSON) -> EmailMessage:
        """Send a mail; `answers` is the mail that it replies to."""
        subject = f"Re: {self.subject}" if answers is not None else self.subject
        mail = compose(author, ROBOT, subject, text, answers)
        await self.stage.send(mail)
        return mail

    async def answers(self, count: int = 1, limit: float = LIMIT) -> list[EmailMessage]:
        """Wait for this many answers (acknowledgements left out), oldest first.

        Raises:
            TimeoutError: fewer came; says what came instead.
        """
        deadline = time.monotonic() + limit
        while True:
            mails = await self.mails()
            found = [mail for mail in mails if ".done." in str(mail["Message-ID"])]
            if len(found) >= count:
                return found
            if time.monotonic() > deadline:
                seen = [str(mail["Message-ID"]) for mail in mails]
                raise TimeoutError(f"{len(found)} of {count} answers; mails: {seen}\n{self.stage.log[-6000:]}")
            await asyncio.sleep(0.2)

    async def mails(self) -> list[EmailMessage]:
        """All that the robot has sent to Ann in this conversation."""
        return await self.stage.mailbox(PERSON).read(subject=self.subject)

    async def thread(self, mail: EmailMessage) -> str:
        """The workflow id that an answer of the robot belongs to."""
        token = str(mail["Message-ID"]).split(".")[1]
        return f"web/mail/{token}"

    async def status(self, thread: str) -> ThreadStatus:
        return await status_of(await self.stage.client(), thread)

    async def idle(self, thread: str) -> ThreadStatus:
        """Wait until the thread has nothing to do."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            status = await self.status(thread)
            if status.phase is ThreadPhase.IDLE and not status.queue and status.recent:
                return status
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{thread} is not idle: {await self.status(thread)}")

    async def prompts(self) -> list[str]:
        """The user texts of the last model request of this test."""
        calls = await self.internet.model_calls(self.stage.model_key, since=self.begun)
        return [str(call.body) for call in calls]


def body(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())
