"""The IMAP adapter against servers that answer otherwise than expected, or not at all."""

import asyncio

import pytest

from airut.adapters.imap.mailbox import imap_mailbox
from airut.adapters.imap.session import Session
from airut.models.mail.settings import ImapSettings
from airut.ports.mailbox import MailboxUnavailable, MailUnreadable
from tests.adapters.imap.scripted import ACCOUNT, answer, mailbox_script, scripted


async def test_nobody_listens() -> None:
    settings = ImapSettings(host="127.0.0.1", port=1)
    with pytest.raises(MailboxUnavailable, match=r"127\.0\.0\.1:1"):
        await Session.connect(settings)


DESCRIBED = b'* 1 FETCH (RFC822.SIZE 5 INTERNALDATE "01-Jan-2026 00:00:00 +0000" FLAGS () UID 4)\r\n'


@pytest.mark.parametrize(
    ("fetches", "content"),
    [
        ([DESCRIBED, b"* 1 FETCH (UID 4 BODY[] {5}\r\nhello)\r\n"], b"hello"),
        ([DESCRIBED, b"* 1 FETCH (BODY[] {5}\r\n) (\r\n FLAGS (\\Seen) UID 4)\r\n"], b") (\r\n"),
        ([DESCRIBED, b"* 1 FETCH (BODY[] {5}\r\nhello)\r\n* 2 FETCH (UID 5 FLAGS ())\r\n"], b"hello"),
        (
            [DESCRIBED, b"* 9 EXISTS\r\n* 2 FETCH (UID 5 BODY[] {1}\r\nx)\r\n* 1 FETCH (UID 4 BODY[] {2}\r\nok)\r\n"],
            b"ok",
        ),
        ([DESCRIBED, b'* 1 FETCH (UID 4 BODY[] "hello")\r\n'], b"hello"),
    ],
)
async def test_fetch_responses(fetches: list[bytes], content: bytes) -> None:
    async with scripted(mailbox_script(fetches)) as settings, imap_mailbox(settings, ACCOUNT)() as mailbox:
        mail = await mailbox.fetch(4, 1000)
        assert mail is not None
        assert mail.content == content


@pytest.mark.parametrize(
    "fetches",
    [
        [DESCRIBED.replace(b"01-Jan-2026", b"01-Foo-2026")],
        [DESCRIBED, b"* 1 FETCH (UID 4 BODY[] NIL)\r\n"],
        [DESCRIBED, b"* 1 FETCH UID 4 BODY[] {5}\r\nhello\r\n"],
        [DESCRIBED.replace(b"RFC822.SIZE 5", b"RFC822.SIZE x")],
    ],
)
async def test_malformed_mail_leaves_the_connection_of_use(fetches: list[bytes]) -> None:
    good = [DESCRIBED, b"* 1 FETCH (UID 4 BODY[] {2}\r\nok)\r\n"]
    async with scripted(mailbox_script([*fetches, *good])) as settings, imap_mailbox(settings, ACCOUNT)() as mailbox:
        with pytest.raises(MailUnreadable):
            await mailbox.fetch(4, 1000)
        mail = await mailbox.fetch(4, 1000)
        assert mail is not None
        assert mail.content == b"ok"


async def test_silent_server() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK hello\r\n")
        await reader.read()

    async with scripted(script, command_timeout=0.3) as settings:
        with pytest.raises(MailboxUnavailable, match="no answer for"):
            await Session.connect(settings)


@pytest.mark.parametrize("greeting", [b"* BYE go away\r\n", b"HTTP/1.1 400 Bad Request\r\n", b""])
async def test_other_greetings(greeting: bytes) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)

    async with scripted(script) as settings:
        with pytest.raises(MailboxUnavailable):
            await Session.connect(settings)


async def test_lost_connection_ends_idle_at_once() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK hello\r\n")
        await answer(reader, writer, CAPABILITY=b"* CAPABILITY IMAP4rev1 IDLE\r\n")
        await reader.readline()
        writer.write(b"+ idling\r\n* 1 EXPUNGE\r\n")

    async with scripted(script) as settings:
        session = await Session.connect(settings)
        session.enter("SELECTED")
        with pytest.raises(MailboxUnavailable, match="closed by the server"):
            async with asyncio.timeout(30):
                await session.idle(60)
