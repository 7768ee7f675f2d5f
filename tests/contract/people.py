"""One person who talks to Airut in one conversation, through each of its channels."""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError
from typer.testing import CliRunner

from airut import contracts
from airut.cli.main import app
from airut.demo.mailbox import compose
from airut.models.base import Model
from airut.models.tasks.task import TaskResult
from airut.models.threads.message import InboundMessage
from airut.temporal.delivery import deliver
from tests.support.asking import status_of
from tests.support.installation import LIMIT, PERSON, ROBOT, Installation
from tests.support.slack.workspace import BOT_USER, Json


class Said(Model):
    """Something that Airut has said to a person."""

    kind: str
    """`done`, `ask`, `note` or another of `ReplyKind`."""
    text: str
    files: Mapping[str, bytes] = {}


class Person(Protocol):
    """Everything is done as a person does it: through the channel's own programs and servers."""

    @property
    def thread(self) -> str:
        """The workflow id of the conversation, once there is one."""
        ...

    async def writes(self, text: str, files: Mapping[str, bytes] | None = None) -> None:
        """The next message of the conversation, which the first one begins."""
        ...

    async def comes_again(self) -> None:
        """The channel delivers the newest message once more."""
        ...

    async def heard(self) -> Sequence[Said]:
        """All that was said so far, oldest first."""
        ...


async def hears(person: Person, kind: str, count: int = 1, files: int = 0) -> Sequence[Said]:
    """Wait until so many of this kind were said, the last with so many files, which some channels send after the words;
    returns all of them.

    Raises:
        TimeoutError
    """

    def found(heard: Sequence[Said]) -> Sequence[Said]:
        return [said for said in heard if said.kind == kind]

    def is_all(heard: Sequence[Said]) -> bool:
        return len(found(heard)) >= count and len(found(heard)[-1].files) >= files

    return found(await _until(person, is_all, f"{count} {kind}"))


async def hears_of(person: Person, words: str) -> None:
    """Wait until these words were said.

    Raises:
        TimeoutError
    """
    await _until(person, lambda heard: any(words in said.text for said in heard), repr(words))


async def _until(person: Person, holds: Callable[[Sequence[Said]], bool], what: str) -> Sequence[Said]:
    heard: Sequence[Said] = ()
    try:
        async with asyncio.timeout(LIMIT):
            while not holds(heard):
                await asyncio.sleep(0.2)
                heard = await person.heard()
    except TimeoutError:
        raise TimeoutError(f"not {what}, but {heard}") from None
    return heard


class Mailing:
    """By e-mail."""

    def __init__(self, there: Installation) -> None:
        self._there = there
        self._subject = f"Task {uuid.uuid4().hex[:12]}"
        self._token = ""
        self._newest: EmailMessage | None = None

    @property
    def thread(self) -> str:
        return f"web/mail/{self._token}"

    async def writes(self, text: str, files: Mapping[str, bytes] | None = None) -> None:
        answers = self._newest
        subject = f"Re: {self._subject}" if answers else self._subject
        mail = compose(PERSON, ROBOT, subject, text, answers)
        for name, content in (files or {}).items():
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        # As an MX hands it over: what is submitted may overtake what was before it, while it is on its way.
        await asyncio.to_thread(self._there.mail.deliver, mail.as_bytes(), ROBOT)
        self._newest = mail

    async def comes_again(self) -> None:
        assert self._newest is not None
        await asyncio.to_thread(self._there.mail.deliver, self._newest.as_bytes(), ROBOT)

    async def heard(self) -> Sequence[Said]:
        mails = await self._there.mailbox.read(subject=self._subject)
        once = {str(mail["Message-ID"]): mail for mail in mails}  # as mail programs show them
        if once:
            self._token = next(iter(once)).split(".")[1]
        return [_mail_said(name, mail) for name, mail in once.items() if ".ack." not in name]


def _mail_said(name: str, mail: EmailMessage) -> Said:
    part = mail.get_body(("plain",))
    assert part is not None
    files = {str(found.get_filename()): found.get_payload(decode=True) for found in mail.iter_attachments()}
    return Said(kind=name.split(".")[3], text=part.get_content(), files=files)


class Slacking:
    """In a channel of Slack."""

    def __init__(self, there: Installation) -> None:
        workspace = there.slack.workspace
        self._slack = there.slack
        self.user = workspace.person(f"p{uuid.uuid4().hex[:8]}")
        self.channel = workspace.channel(f"c{uuid.uuid4().hex[:8]}", self.user)
        self._first = ""
        self._newest: Json = {}

    @property
    def thread(self) -> str:
        return f"web/slack/T0TEAM-{self.channel.id}-{self._first}"

    @property
    def ours(self) -> list[Json]:
        """What Airut has posted, oldest first."""
        return [post for post in self.channel.thread(self._first) if post["user"] == BOT_USER]

    async def writes(self, text: str, files: Mapping[str, bytes] | None = None) -> None:
        uploads = [self._slack.upload(name, content, "text/plain") for name, content in (files or {}).items()]
        more: Json = {"subtype": "file_share", "files": uploads} if uploads else {}
        begins = not self._first
        words = f"<@{BOT_USER}> {text}" if begins else text
        self._newest = self._slack.write(
            self.channel, self.user, words, thread=self._first or None, mention=begins, **more
        )
        self._first = self._first or str(self._newest["ts"])

    async def comes_again(self) -> None:
        for event in self._slack.events(self.channel, self._newest, mention=False):
            self._slack.event(event)

    async def heard(self) -> Sequence[Said]:
        said: list[Said] = []
        for post in self.ours:
            for file in post.get("files") or ():
                content = self._slack.workspace.contents[file["id"]]
                said[-1] = said[-1].model_copy(update={"files": {**said[-1].files, file["name"]: content}})
            key = ((post.get("metadata") or {}).get("event_payload") or {}).get("key", "")
            if key:
                said.append(Said(kind=key.split("/")[-3], text=_shown(post)))
        return said


def _shown(post: Json) -> str:
    blocks = [block["text"]["text"] for block in post.get("blocks") or () if "text" in block]
    return "\n".join(blocks) or str(post["text"])


async def _result(client: Client, task: str) -> TaskResult:
    """Of a closed task; one that failed has it as the failure's detail."""
    try:
        result: TaskResult = await client.get_workflow_handle(task, result_type=TaskResult).result()
    except WorkflowFailureError as error:
        if not isinstance(error.cause, ApplicationError):
            raise
        return TaskResult.model_validate(error.cause.details[0])
    return result


class Typing:
    """At the command line of the machine."""

    def __init__(self, there: Installation, folder: Path) -> None:
        self._there = there
        self._folder = folder
        self._notes: list[Said] = []
        self.thread = ""

    async def writes(self, text: str, files: Mapping[str, bytes] | None = None) -> None:
        arguments = [f"--thread={self.thread}"] if self.thread else []
        for name, content in (files or {}).items():
            (self._folder / name).write_bytes(content)
            arguments.append(f"--file={self._folder / name}")
        printed = await self._airut("send", "--repo=web", text, *arguments)
        if not self.thread:
            self.thread = printed.strip()
        elif printed.strip() != self.thread:  # a command answers at once
            self._notes.append(Said(kind="note", text=printed))

    async def comes_again(self) -> None:
        """A process that lost Temporal's answer calls again, with the same message."""
        client = await self._there.client()
        thread = client.get_workflow_handle(self.thread)
        signals = [
            event.workflow_execution_signaled_event_attributes
            async for event in thread.fetch_history_events()
            if event.event_type is EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        ]
        received = [signal.input.payloads for signal in signals if signal.signal_name == contracts.RECEIVE]
        (message,) = await client.data_converter.decode(received[-1], [InboundMessage])
        await deliver(client, message)

    async def heard(self) -> Sequence[Said]:
        client = await self._there.client()
        status = await status_of(client, self.thread)
        said = list(self._notes)
        for number in range(1, status.tasks + (0 if status.task else 1)):
            result = await _result(client, f"{self.thread}/task-{number}")
            if result.reply is not None:
                text = (await self._there.blobs.get(result.reply.markdown)).decode()
                files = await self._files() if number == status.tasks else {}
                said.append(Said(kind=str(result.reply.kind), text=text, files=files))
        if status.question is not None:
            said.append(Said(kind="ask", text=await self._airut("thread", "show", self.thread)))
        return said

    async def _files(self) -> Mapping[str, bytes]:
        folder = self._folder / uuid.uuid4().hex
        await self._airut("thread", "files", self.thread, f"--out={folder}")
        return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}

    async def _airut(self, *arguments: str) -> str:
        line = ["--config", str(self._there.config_file), *arguments]
        result = await asyncio.to_thread(CliRunner().invoke, app, line)
        assert result.exit_code == 0, result.output
        return result.output
