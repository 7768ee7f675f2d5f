"""An intake at a real mailbox, with a Temporal that tests can take down, and mails to send it."""

import asyncio
import contextlib
import imaplib
import ssl
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path

from temporalio.contrib.pydantic import pydantic_data_converter

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.imap.mailbox import imap_mailbox
from airut.demo.mailserver import MailServer
from airut.models.mail.bounce import Bounce
from airut.models.mail.settings import EmailChannel
from airut.models.threads.command import Submission, ThreadCommand
from airut.models.threads.message import InboundMessage
from airut.ports.mailbox import OpenMailbox
from signals.mail.dns import DnsTemporary
from signals.mail.handling import SubmitRefused
from signals.mail.intake import Delays, MailIntake
from signals.mail.status import MailAudit, MailboxState
from tests.support.mailserver import PASSWORD

FAST = Delays(reconnect=0.01, reconnect_most=0.1, refused=0.1, submit=0.05, submit_most=0.1, retry=0.05)


class NoDns:
    async def txt(self, name: str) -> tuple[bytes, ...]:
        raise DnsTemporary(name)


class Temporal:
    """What `submit` talks to: takes messages, is down, or refuses by subject."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Submission] = asyncio.Queue()
        self.taken: list[Submission] = []
        """All that `received` has ever held."""
        self.bounces: list[Bounce] = []
        self.down: Exception | None = None
        self.refused = ""
        self.refusal: Exception = SubmitRefused("too large")
        self.then: Callable[[], object] | None = None
        """What happens at the moment when a message is taken."""

    async def submit(self, accepted: Submission) -> None:
        await pydantic_data_converter.encode([accepted])
        if self.down is not None:
            raise self.down
        if self.refused and isinstance(accepted, InboundMessage) and self.refused in accepted.subject:
            raise self.refusal
        await self.received.put(accepted)
        self.taken.append(accepted)
        if self.then is not None:
            self.then()
            await asyncio.sleep(0)

    async def report(self, bounce: Bounce) -> None:
        if self.down is not None:
            raise self.down
        self.bounces.append(bounce)

    async def next(self) -> InboundMessage:
        accepted = await self._next()
        assert isinstance(accepted, InboundMessage), accepted
        return accepted

    async def next_command(self) -> ThreadCommand:
        accepted = await self._next()
        assert isinstance(accepted, ThreadCommand), accepted
        return accepted

    async def _next(self) -> Submission:
        async with asyncio.timeout(60):
            return await self.received.get()


class Running:
    def __init__(self, channel: EmailChannel, folder: Path, opened: OpenMailbox | None = None) -> None:
        self.temporal = Temporal()
        self.audit: list[MailAudit] = []
        self.blobs = LocalBlobStore(folder / "blobs")
        opened = opened or imap_mailbox(channel.imap, channel.account)
        self.intake = MailIntake(
            "repo",
            channel,
            opened,
            self.temporal.submit,
            self.temporal.report,
            self.blobs,
            NoDns(),
            self._audited,
            FAST,
        )
        self.task = asyncio.ensure_future(self.intake.run())

    async def _audited(self, entry: MailAudit) -> None:
        self.audit.append(entry)

    async def until(self, state: MailboxState, reason: str = "") -> None:
        async with asyncio.timeout(60):
            while self.intake.status.state is not state or reason not in self.intake.status.reason:
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(60):
                await self.task


@contextlib.asynccontextmanager
async def running(channel: EmailChannel, folder: Path) -> AsyncIterator[Running]:
    intake = Running(channel, folder)
    try:
        await intake.until(MailboxState.CONNECTED)
        yield intake
    finally:
        await intake.stop()


def mail(subject: str = "Fix it", sender: str = "Alice <alice@example.org>", **fields: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "agent@mail.test"
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject.replace(' ', '-')}@example.org>"
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content("Please.\n")
    return message.as_bytes()


def folder_size(server: MailServer, address: str, folder: str) -> int:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with imaplib.IMAP4_SSL(server.host, server.imap_port, ssl_context=context) as client:
        client.authenticate("PLAIN", lambda _: f"\0{address}\0{PASSWORD}".encode())
        _, data = client.select(folder, readonly=True)
        return int(data[0] or b"0")


async def settled(server: MailServer, address: str, folder: str, count: int) -> None:
    async with asyncio.timeout(60):
        while await asyncio.to_thread(folder_size, server, address, folder) != count:
            await asyncio.sleep(0.05)
