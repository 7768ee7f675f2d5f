"""The IMAP adapter against real Dovecot, and against small servers that misbehave on purpose."""

import asyncio
import contextlib
import ssl
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from airut.adapters.imap.mailbox import imap_mailbox
from airut.adapters.imap.session import Session
from airut.demo.mailserver import MailServer
from airut.models.mail.settings import EmailChannel, ImapSettings, MailAccount
from airut.ports.mailbox import Disposition, Mailbox, MailboxRefused, MailboxUnavailable, MailUnreadable
from tests.support.mailserver import PASSWORD, email_channel, mail_server, running_mail_server  # noqa: F401  # fixture

RAW = b"From: alice@example.org\r\nSubject: hi\r\n\r\nbody (\r\n"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@contextlib.asynccontextmanager
async def opened(channel: EmailChannel) -> AsyncIterator[Mailbox]:
    async with asyncio.timeout(60), imap_mailbox(channel.imap, channel.account)() as mailbox:
        yield mailbox


async def arrived(mailbox: Mailbox) -> tuple[int, ...]:
    """A mail may be told of a moment after it is delivered."""
    while not (found := await mailbox.search()):
        await mailbox.wait(2)
    return found


@pytest.mark.parametrize("action", ["move", "flag", "delete"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_cycle(mail_server: MailServer, action: str, security: str) -> None:  # noqa: F811
    address = mail_server.add_user(f"cycle-{action}-{security}", PASSWORD)
    port = mail_server.imap_port if security == "tls" else mail_server.imap_starttls_port
    imap: dict[str, object] = {"port": port, "security": security, "processed": {"action": action}}
    channel = email_channel(mail_server, address, imap=imap)
    async with opened(channel) as mailbox:
        assert await mailbox.adopt(LONG_AGO) == 0
        assert await mailbox.search() == ()
        waiting = asyncio.ensure_future(mailbox.wait(5))
        await asyncio.sleep(0.05)
        mail_server.deliver(RAW, address)
        await waiting
        (uid,) = await arrived(mailbox)
        mail = await mailbox.fetch(uid, 10_000)
        assert mail is not None
        assert mail.content.endswith(RAW)
        assert mail.whole
        assert mail.size == len(mail.content)
        assert "\\Seen" not in mail.flags
        header = await mailbox.fetch(uid, 10)
        assert header is not None
        assert not header.whole
        assert header.content.endswith(b"Subject: hi\r\n\r\n")
        await mailbox.settle(uid, Disposition.PROCESSED)
        assert await mailbox.search() == ()
        await mailbox.settle(uid, Disposition.PROCESSED)
        assert await mailbox.fetch(999, 10) is None


async def test_first_run_adopts_old_mails(mail_server: MailServer) -> None:  # noqa: F811
    for action in ("move", "flag"):
        address = mail_server.add_user(f"old-{action}", PASSWORD)
        for _ in range(3):
            mail_server.deliver(RAW, address)
        channel = email_channel(mail_server, address, imap={"processed": {"action": action}})
        async with opened(channel) as mailbox:
            assert await mailbox.adopt(datetime.now(UTC) + timedelta(hours=1)) == 3
            assert await mailbox.search() == ()
            mail_server.deliver(RAW, address)
            assert await mailbox.adopt(datetime.now(UTC) + timedelta(hours=1)) == 0
            assert len(await arrived(mailbox)) == 1


async def test_wrong_password(mail_server: MailServer) -> None:  # noqa: F811
    address = mail_server.add_user("refused", PASSWORD)
    channel = email_channel(mail_server, address, account={"password": "secret-wrong"})
    with pytest.raises(MailboxRefused) as error:
        async with opened(channel):
            pass
    assert "secret-wrong" not in str(error.value)


async def test_password_changed_to_another_of_its_length(mail_server: MailServer) -> None:  # noqa: F811
    """What the server had read a moment ago is no longer of use, even when the file has the same size."""
    for password in ("first", "other"):
        address = mail_server.add_user("changed", password)
        channel = email_channel(mail_server, address, account={"password": password})
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(MailboxRefused):
                    async with opened(channel):
                        break
                await asyncio.sleep(0.1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_unknown_issuer(mail_server: MailServer, security: str) -> None:  # noqa: F811
    address = mail_server.add_user("tls", PASSWORD)
    port = mail_server.imap_port if security == "tls" else mail_server.imap_starttls_port
    channel = email_channel(mail_server, address, imap={"ca_file": None, "port": port, "security": security})
    with pytest.raises(MailboxUnavailable, match=r"127\.0\.0\.1 failed: unknown issuer \(ca_file: system store"):
        async with opened(channel):
            pass


async def test_wrong_name() -> None:
    with running_mail_server("mail.example.org") as server:
        channel = email_channel(server, server.add_user("agent", PASSWORD))
        with pytest.raises(MailboxUnavailable, match="certificate is for another name"):
            async with opened(channel):
                pass


async def test_nobody_listens() -> None:
    settings = ImapSettings(host="127.0.0.1", port=1)
    with pytest.raises(MailboxUnavailable, match=r"127\.0\.0\.1:1"):
        await Session.connect(settings)


Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def scripted(script: Script, **changes: object) -> AsyncIterator[ImapSettings]:
    """A server on loopback that speaks by script."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, IndexError):
            await script(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    values = {"host": "127.0.0.1", "port": port, "security": "plain", "command_timeout": 30}
    async with asyncio.timeout(60), server:
        yield ImapSettings.model_validate(values | changes)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, **untagged: bytes) -> bytes:
    """Answer one command with OK after what is given for its name; returns the line."""
    line = await reader.readline()
    tag, *words = line.split()
    name = (words[1] if words[0] == b"UID" else words[0]).decode()
    writer.write(untagged.get(name, b"") + tag + b" OK done\r\n")
    return line


def mailbox_script(fetches: list[bytes], capabilities: bytes = b"IMAP4rev1 IDLE MOVE UIDPLUS AUTH=PLAIN") -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK hello\r\n")
        rest = list(fetches)
        while True:
            line = await reader.readline()
            tag, *words = line.split()
            if not words:
                return
            name = words[1] if words[0] == b"UID" else words[0]
            if name == b"AUTHENTICATE":
                writer.write(b"+ \r\n")
                await reader.readline()
            elif name == b"CAPABILITY":
                writer.write(b"* CAPABILITY " + capabilities + b"\r\n")
            elif name == b"LIST":
                writer.write(b'* LIST () "/" x\r\n')
            elif name == b"SELECT":
                writer.write(b"* OK [UIDVALIDITY 9] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n")
            elif name == b"FETCH":
                response = rest.pop(0)
                for index in range(0, len(response), 7):
                    writer.write(response[index : index + 7])
                    await writer.drain()
                    await asyncio.sleep(0)
                if response.startswith(b"!"):
                    writer.write(tag + b" BAD what\r\n")
                    continue
            elif name == b"LOGOUT":
                writer.write(b"* BYE\r\n")
            writer.write(tag + b" OK done\r\n")

    return script


ACCOUNT = MailAccount.model_validate({"username": "u", "password": "p", "from": "a@b.org"})
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


async def test_stripped_starttls_sends_no_credentials() -> None:
    received: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK hello\r\n")
        while line := await reader.readline():
            received.append(line.split(b" ", 1)[1])
            writer.write(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + line.split()[0] + b" OK done\r\n")

    async with scripted(script, security="starttls") as settings:
        with pytest.raises(MailboxUnavailable, match="offers no STARTTLS"):
            await Session.connect(settings)
    assert received == [b"CAPABILITY\r\n"]


async def test_preauth_before_tls_is_refused() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* PREAUTH welcome\r\n")
        await reader.read()

    async with scripted(script, security="starttls") as settings:
        with pytest.raises(MailboxUnavailable, match="before TLS"):
            await Session.connect(settings)


async def test_plaintext_injected_before_tls_is_ignored(mail_server: MailServer) -> None:  # noqa: F811
    """A relay to the real server that adds responses of its own behind the OK to STARTTLS."""
    address = mail_server.add_user("injected", PASSWORD)

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_server = await asyncio.open_connection(mail_server.host, mail_server.imap_starttls_port)

        async def down() -> None:
            while data := await to_server[0].read(65536):
                if b"Begin TLS" in data:
                    data += b"* CAPABILITY IMAP4rev1 INJECTED\r\n* BYE injected\r\n"
                writer.write(data)

        task = asyncio.ensure_future(down())
        try:
            while data := await reader.read(65536):
                to_server[1].write(data)
        finally:  # the client may end with a reset
            to_server[1].close()
            await task

    changes: dict[str, object] = {"security": "starttls", "ca_file": mail_server.ca_file}
    async with scripted(script, **changes) as settings:
        channel = email_channel(mail_server, address)
        session = await Session.connect(settings)
        await session.authenticate(channel.account)
        assert "INJECTED" not in session.capabilities
        await session.close()


async def test_old_tls_is_refused(mail_server: MailServer) -> None:  # noqa: F811
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    folder = mail_server.ca_file.parent
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # that it is old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    settings = ImapSettings(host="127.0.0.1", port=server.sockets[0].getsockname()[1], ca_file=mail_server.ca_file)
    async with server:
        with pytest.raises(MailboxUnavailable):
            await Session.connect(settings)
