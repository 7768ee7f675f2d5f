"""The steps of a task: how a task is brought into one and held there until the kill has fallen."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path

from airut.demo import script
from airut.demo.faults import Gate
from airut.demo.mailbox import compose
from airut.demo.repositories import commit_files
from airut.demo.sample import DOCKERFILE
from airut.demo.stage import PERSON, REPOSITORY, ROBOT
from airut.models.mail.message_id import derive_token
from airut.models.tasks.task import TaskStep
from airut.models.threads.steering import TaskStatus
from tests.chaos.smtp_relay import HeldMail
from tests.chaos.world import World

REACH_LIMIT = 240.0
"""Seconds until a task must be in its step: much more than it takes on a machine that has other work too."""
HELD = 20.0
"""Seconds that the model takes for what a kill shall fall into. It cannot be let go earlier, and outlasts what comes
between: an image that is built, a fetch that hangs."""
GOES_ON = r"go on where you stopped|has been made anew"
"""What every note to a resumed session has in it (`workflows/turns.py`)."""
ANSWER = "This answer comes in many small pieces, as a model's does, so that a kill can fall between two of them. " * 4


class Step(StrEnum):
    """In the order in which a task goes through them."""

    ACCEPTED = "accepted"
    WORKSPACE = "workspace"
    IMAGE = "image"
    FIRST_ANSWER = "first answer"
    TOOL = "in a tool"
    STREAMING = "streaming"
    PAUSED = "paused"
    QUESTION = "awaiting an answer"
    PUSH = "push"
    PULL_REQUEST = "pull request"
    REPLYING = "replying"

    @property
    def has_container(self) -> bool:
        return self in (Step.FIRST_ANSWER, Step.TOOL, Step.STREAMING)


class Cell:
    """One task of the matrix. Its agent does one thing that can be counted: a line in the thread's storage, a commit."""

    def __init__(self, world: World, component: str, step: Step, rng: random.Random, held: float = HELD) -> None:
        self.world, self.component, self.step, self._seconds = world, component, step, held
        self.token = f"T{rng.getrandbits(48):012x}"
        self.mail: EmailMessage = compose(PERSON, ROBOT, f"Task {self.token}", f"Do {self.token}, please.")
        self.thread = f"web/mail/{derive_token('web', str(self.mail['Message-ID']))}"
        self.mails = [self.mail]
        """All that the person writes in this conversation."""
        self.sent_at = 0.0
        self._gate: Gate | None = None
        self._held: HeldMail | None = None

    @property
    def runs(self) -> Path:
        return self.world.stage.folders.of(self.thread).storage / "runs"

    def script(self) -> tuple[script.Step, ...]:
        """What the model says in this conversation, whatever has become of the session: it holds no state. Told that
        the sandbox was lost, it looks before it does anything, as it is asked to."""
        token, streams = self.token, self.step is Step.STREAMING
        effect = f"echo {token} >> /storage/runs"
        commit = (
            f"cd /workspace && rm -f .git/index.lock && echo {token} > {token}.txt && git add -A && "
            f"{{ git diff --cached --quiet || git commit -q -m 'Add {token}'; }}"
        )
        held = "for i in $(seq 900); do [ -e /storage/go ] && break; sleep 0.1; done"
        stays = self.step in (Step.TOOL, Step.PAUSED)
        work = f"{effect}; {commit}; {held if stays else ':'}; echo done:{token}"
        look = f"grep -qx {token} /storage/runs || {effect}; {commit}; echo done:{token}"
        common = {"conversation": token, "repeat": script.FOREVER}
        pieces = len(ANSWER) / 40
        first: tuple[script.Step, ...] = ()
        question = f"Shall {token} be done?"
        if self.step is Step.QUESTION:  # what has not asked yet, asks
            first = (script.Step(tool=script.ask(question, "yes", "no").tool, match=f"Do {token}, please", **common),)
        return (
            script.Step(text=f"Did {token}. {ANSWER}", match=f"done:{token}", **common,
                        chunk_delay=self._seconds / pieces if streams else 0),
            script.Step(tool=script.bash(look).tool, match=GOES_ON, **common),
            *first,
            script.Step(tool=script.bash(work).tool, **common,
                        delay=self._seconds if self.step is Step.FIRST_ANSWER else 0),
        )  # fmt: skip

    async def send(self) -> None:
        """Close the gate that shall hold it, and hand its mail to the server."""
        stage, body = self.world.stage, self.token.encode()
        branch = body.lower()  # made of the subject
        match self.step:
            case Step.WORKSPACE:
                self._gate = stage.git.faults.gate("service=git-upload-pack")
            case Step.IMAGE:
                slow = f"{DOCKERFILE}RUN echo {self.token} && sleep 12\n"
                path = stage.repositories / f"{REPOSITORY}.git"
                await asyncio.to_thread(
                    commit_files, path, "main", {".airut/container/Dockerfile": slow}, "Another image"
                )
            case Step.PUSH:
                self._gate = stage.git.faults.gate("POST .*git-receive-pack", branch, answered=True)
            case Step.PULL_REQUEST:
                self._gate = stage.forge.faults.gate("POST .*/pulls", body, answered=True)
            case Step.REPLYING:
                self._held = self.world.relay.hold(self.token, ".done.")
            case _:
                pass
        self.sent_at = time.time()
        await stage.send(self.mail)

    async def reached(self) -> None:
        """Wait until it is in its step.

        Raises:
            TimeoutError: it did not get there; says where it is.
        """
        try:
            async with asyncio.timeout(REACH_LIMIT):
                await self._reached()
        except TimeoutError:
            where = await self._status()
            raise TimeoutError(
                f"{self.token} is not in step {self.step}: {where}\n{self.world.stage.log[-4000:]}"
            ) from None

    async def _reached(self) -> None:
        if self.step is Step.WORKSPACE:
            await _until(self._fetches)
            await asyncio.sleep(1)  # at the gate, or behind another task of the repository that is held there
        elif self._gate:
            await self._gate.reached.wait()
        elif self._held:
            await self._held.reached.wait()
        elif self.step is Step.IMAGE:
            await _until(self._builds)
            await asyncio.sleep(1)  # the engine has begun with it
        elif self.step is Step.TOOL:
            await _until(self._works)
        elif self.step is Step.PAUSED:
            await _until(self._works)
            await self._write("pause")
            await _until(lambda: self._stands(TaskStep.PAUSED))
        elif self.step is Step.QUESTION:
            await _until(lambda: self._stands(TaskStep.AWAITING_ANSWER))
        elif self.step is Step.FIRST_ANSWER:
            await _until(lambda: self._asked(self.token))
        elif self.step is Step.STREAMING:
            await _until(lambda: self._asked(f"done:{self.token}"))
            await asyncio.sleep(1)  # the first pieces are through

    async def release(self) -> None:
        """Let it go on."""
        if self._gate:
            self._gate.open()
        if self._held:
            self._held.released.set()
        if self.step is Step.TOOL:
            (self.runs.parent / "go").touch()
        if self.step is Step.PAUSED:
            await self._write("resume")
        if self.step is Step.QUESTION:
            await self._write("1")

    async def _write(self, text: str) -> None:
        self.mails.append(compose(PERSON, ROBOT, f"Re: {self.mail['Subject']}", text, answers=self.mail))
        await self.world.stage.send(self.mails[-1])

    async def _stands(self, step: TaskStep) -> bool:
        status = await self._status()
        return status is not None and status.step is step

    async def fetched(self) -> None:
        """Wait until it has its checkout, so that a gate or another default branch is nothing to it any more."""
        async with asyncio.timeout(REACH_LIMIT):
            while (status := await self._status()) is None or status.detail in ("", "placement", "workspace"):
                await asyncio.sleep(0.2)

    async def _status(self) -> TaskStatus | None:
        return await self.world.task(f"{self.thread}/task-1")

    async def _fetches(self) -> bool:
        status = await self._status()
        return status is not None and status.detail == "workspace"

    async def _builds(self) -> bool:
        status = await self._status()
        return status is not None and status.detail == "image"

    async def _works(self) -> bool:
        return self.runs.exists()

    async def _asked(self, words: str) -> bool:
        report = await self.world.internet.report(since=self.sent_at, bodies=False)
        return any(words in call.last_user_text and call.kind == "main" for call in report.model_calls)


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    while not await holds():  # nobody tells us
        await asyncio.sleep(0.2)
