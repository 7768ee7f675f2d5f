"""An intake over a mail server of the tests, which does wrong what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from airut.models.mail.settings import EmailChannel
from airut.models.threads.message import InboundMessage
from tests.signals.mail.intake_bench import Running, mail
from tests.support.imap_server import Faults, ImapServer, imap_server

RESULTS = b"Authentication-Results: mx; dmarc=pass header.from=example.org\r\n"


FIRST, SECOND = (RESULTS + mail(subject).replace(b"\n", b"\r\n") for subject in ("first", "second"))


def channel(server: ImapServer, **imap: object) -> EmailChannel:
    values: dict[str, object] = {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "plain",
        "command_timeout": 30,
        "connect_timeout": 30,
        "poll_interval": 0.1,
        "first_run_max_age": "36500d",
    }
    return EmailChannel.model_validate(
        {
            "account": {"username": "agent", "password": "p", "from": "agent@mail.test"},
            "imap": values | imap,
            "smtp": {"host": "127.0.0.1"},
            "auth": {"trusted_authserv_id": ["mx"], "authorized_senders": ["*@example.org"]},
            "limits": {"per_sender": "10000/h", "per_repo": "10000/h"},
        }
    )


@asynccontextmanager
async def serving(faults: Faults, *mails: bytes) -> AsyncIterator[ImapServer]:
    async with imap_server(faults) as server:
        for raw in mails:
            server.deliver(raw)
        yield server


async def emptied(server: ImapServer, seconds: float = 60.0) -> None:
    """Until no mail is left to be seen."""
    async with asyncio.timeout(seconds):
        while any("\\Deleted" not in each.flags for each in server.folders["INBOX"].values()):
            await asyncio.sleep(0.005)


def taken(intake: Running) -> list[str]:
    """Subjects of what was handed over, each key once, in order."""
    found: dict[str, str] = {}
    while not intake.temporal.received.empty():
        message = intake.temporal.received.get_nowait()
        assert isinstance(message, InboundMessage)
        found[message.key] = message.subject
    return list(found.values())


def processed(server: ImapServer) -> list[bytes]:
    return [each.raw for each in server.folders["Airut/Processed"].values()]
