"""A long run of messages over mail and console, with kills in between, on a host whose sandboxes are idle.

Each message has a word of its own. What the agents were asked is on disk, so that it can be told for each message which
tasks had it; which answers those tasks have given stands in the mailbox, and for the console in the tasks' results.
"""

import asyncio
import contextlib
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError

from airut.demo.mailbox import compose
from airut.demo.stage import PERSON, ROBOT
from airut.models.base import Model
from airut.models.blob import Text
from airut.models.mail.message_id import derive_token, parse_message_id
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.task import TaskResult
from airut.models.threads.message import InboundMessage
from airut.temporal.delivery import deliver
from signals.console import console_message
from tests.chaos.check import MessageRecord, Tally, tally
from tests.chaos.components import COMPONENTS, Component
from tests.chaos.idle_sandbox import PROMPT
from tests.chaos.message_plan import Action, Does, Plan, Planned
from tests.chaos.world import World
from tests.support.asking import waits_for

OPEN_MOST = 80
"""Messages that wait for their task at any time: the product always has something in hand when a kill falls."""
WORD = re.compile(r"\bw\d{5}[0-9a-f]{8}\b")
REST = 120.0
"""Seconds in which nothing more is answered, after which what is missing counts as lost: twice a heartbeat time-out."""
QUIET = 5.0
PUT_BACK_MOST = 5
SHOWN_MOST = 12

KILLED = ("intake", "control worker", "Temporal server", "host worker", "mail server")


class MessagesRecord(Model):
    """What a run came to."""

    seed: int
    counts: Tally
    by_mail: int
    again: int
    kills: int
    tasks: int
    answers_repeated: int
    """Answers that arrived a second time under their Message-ID: the server had them, and a kill hid that."""
    unprocessed: int
    set_aside: int
    seconds: float

    @property
    def good(self) -> bool:
        return self.counts.good and not (self.unprocessed or self.set_aside)


class MessageRun:
    def __init__(self, world: World, plan: Plan, components: Sequence[Component] = COMPONENTS) -> None:
        self._world, self._plan, self._components = world, plan, components
        self._first: dict[int, EmailMessage] = {}
        self._mails: dict[int, EmailMessage] = {}
        self._console: dict[int, str] = {}
        self._sent = 0
        self._prompts: dict[Path, frozenset[str]] = {}
        self._replied: dict[str, str] = {}
        """The answers to what was typed, by task: each is asked for until it is there."""

    @property
    def first_mails(self) -> dict[str, EmailMessage]:
        """The mail that began each thread by mail, by the thread's id."""
        return {f"web/mail/{derive_token('web', str(mail['Message-ID']))}": mail for mail in self._first.values()}

    async def run(self) -> MessagesRecord:
        begun = time.monotonic()
        for action in self._plan.actions:
            await self._room()
            await self._do(action)
        await self._rest()
        await asyncio.sleep(QUIET)
        return await self._record(time.monotonic() - begun)

    async def _do(self, action: Action) -> None:
        stage = self._world.stage
        match action.does:
            case Does.SEND:
                message = self._plan.messages[action.message]
                await (self._mail(action.message, message) if message.mail else self._type(message))
                self._sent += 1
            case Does.AGAIN:
                await self._deliver(self._mails[action.message])
            case Does.KILL:
                component = next(each for each in self._components if each.name == action.component)
                await component.kill(self._world, ())
            case Does.NEW_UIDS:
                await asyncio.to_thread(stage.mail.kill)
                for index in (stage.folder / "mail" / "mail" / ROBOT).glob("dovecot*"):
                    index.unlink()
                await asyncio.to_thread(stage.mail.start)
            case Does.PUT_BACK:
                maildir = stage.folder / "mail" / "mail" / ROBOT
                for number, done in enumerate(self._world.maildir(ROBOT, "Airut/Processed")[:PUT_BACK_MOST]):
                    name = f"{int(time.time())}.back{number}.mail.test"  # seen only when it is whole: maildir(5)
                    shutil.copy(done, maildir / "tmp" / name)
                    (maildir / "tmp" / name).rename(maildir / "new" / name)

    async def _mail(self, number: int, message: Planned) -> None:
        first = self._first.get(message.thread)
        # As a person would write once more before anything was answered: it is about the same, by its references.
        mail = compose(PERSON, ROBOT, f"Thread {message.thread}", f"Please do {message.word}.", first)
        self._first.setdefault(message.thread, mail)
        self._mails[number] = mail
        await self._deliver(mail)

    async def _deliver(self, mail: EmailMessage) -> None:
        await asyncio.to_thread(self._world.stage.mail.deliver, mail.as_bytes(), ROBOT)

    async def _type(self, message: Planned) -> None:
        """As `airut send` does; a person whose command failed for want of a server calls it again."""
        text = f"Please do {message.word}."
        typed = console_message("web", Text(inline=text), text, datetime.now(UTC), self._console.get(message.thread))
        self._console.setdefault(message.thread, typed.thread)
        async with asyncio.timeout(300):
            while not await self._accepted(typed):
                await asyncio.sleep(0.2)

    async def _accepted(self, message: InboundMessage) -> bool:
        client = await self._world.temporal()
        if client is None:
            return False
        try:
            await deliver(client, message)
        except RPCError:
            return False
        return True

    async def _room(self) -> None:
        """Wait while too much is open, but not for ever: what is lost stays open."""
        deadline = time.monotonic() + REST
        while self._sent - len(self._asked()) > OPEN_MOST and time.monotonic() < deadline:
            await asyncio.sleep(0.5)

    async def _rest(self) -> None:
        """Until everything is answered, or nothing has changed for a while."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < REST:
            asked, answered = self._asked(), await self._answers()
            done = sum(1 for tasks in asked.values() if any(answered.get(task) for task in tasks))
            if done == len(self._plan.messages):
                return
            if done != last:
                last, since = done, time.monotonic()
            await asyncio.sleep(2)

    def _asked(self) -> Mapping[str, set[str]]:
        """For each word the tasks that had it in their prompt."""
        found: dict[str, set[str]] = defaultdict(set)
        for state in self._world.states:
            for path in (state / "threads").glob(f"*/*/*/tasks/*/*/{PROMPT}"):
                if path not in self._prompts:  # written once and whole
                    self._prompts[path] = frozenset(WORD.findall(_text(path)))
        for path, words in self._prompts.items():
            for word in words:
                found[word].add(_task(path))
        return found

    async def _answers(self) -> dict[str, list[str]]:
        """For each task its answers, as they arrived."""
        found: dict[str, list[str]] = defaultdict(list)
        for mail in self._world.received():
            ours = parse_message_id(str(mail["Message-ID"]))
            if ours is not None and ours.kind is ReplyKind.ANSWER:
                found[f"web/mail/{ours.token}/task-{ours.task}"].append(str(mail["Message-ID"]))
        typed = {task for tasks in self._asked().values() for task in tasks if "/console/" in task}
        client = await self._world.temporal()
        for task in typed - self._replied.keys():
            with contextlib.suppress(RPCError, WorkflowFailureError, TimeoutError):
                # One that runs on is asked for again the next time.
                if client is None:
                    break
                handle = client.get_workflow_handle(task, result_type=TaskResult)
                result = await asyncio.wait_for(handle.result(rpc_timeout=None), 0.5)
                if result.reply is not None:
                    self._replied[task] = result.reply.message_id
        for task, answer in self._replied.items():
            found[task].append(answer)
        return found

    async def waiting(self) -> tuple[str, ...]:
        """Of the threads whose messages have no task: what they and Temporal say that they wait for."""
        asked, client = self._asked(), await self._world.temporal()
        messages = (message for message in self._plan.messages if message.word not in asked)
        found: list[str] = []
        for thread in dict.fromkeys(self._thread(message) for message in messages):
            status = await self._world.thread(thread)
            if status is None or client is None:
                found.append(f"{thread}: does not answer")
                continue
            failed = ", ".join(
                f"{task.number} {task.outcome}" for task in status.recent if not task.outcome.did_its_job
            )
            line = f"{thread}: {status.phase}, task {status.task}, {len(status.queue)} wait, failed: {failed or 'none'}"
            if status.task:
                line += f"; {await waits_for(client, status.task)}; {await self._world.task(status.task)}"
            found.append(line)
        return tuple(found[:SHOWN_MOST])

    def _thread(self, message: Planned) -> str:
        if not message.mail:
            return self._console[message.thread]
        return f"web/mail/{derive_token('web', str(self._first[message.thread]['Message-ID']))}"

    async def _record(self, seconds: float) -> MessagesRecord:
        asked, answers = self._asked(), await self._answers()
        records = [
            MessageRecord(
                id=message.word,
                tasks=tuple(sorted(asked.get(message.word, ()))),
                answers=tuple(answer for task in asked.get(message.word, ()) for answer in answers.get(task, ())),
            )
            for message in self._plan.messages
        ]
        does = [action.does for action in self._plan.actions]
        return MessagesRecord(
            seed=self._plan.seed,
            counts=tally(records),
            by_mail=sum(message.mail for message in self._plan.messages),
            again=does.count(Does.AGAIN),
            kills=does.count(Does.KILL) + does.count(Does.NEW_UIDS),
            tasks=len({task for tasks in asked.values() for task in tasks}),
            answers_repeated=sum(len(each) - len(set(each)) for each in answers.values()),
            unprocessed=self._world.unprocessed(),
            set_aside=sum(len(self._world.maildir(ROBOT, f"Airut/{name}")) for name in ("Rejected", "Failed")),
            seconds=round(seconds, 1),
        )


def _task(path: Path) -> str:
    """`…/threads/web/mail/x/tasks/1/1/prompt` is of the task `web/mail/x/task-1`."""
    repo, channel, token, _, number, *_ = path.parts[-7:]
    return f"{repo}/{channel}/{token}/task-{number}"


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # its thread has ended meanwhile
