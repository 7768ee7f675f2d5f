"""With whom the IMAP adapter speaks, and what it says before it knows."""

import asyncio
import ssl
import warnings

import pytest

from airut.adapters.imap.session import Session
from airut.demo.mailserver import MailServer
from airut.models.mail.settings import ImapSettings
from airut.ports.mailbox import MailboxUnavailable
from tests.adapters.imap.scripted import opened, scripted
from tests.support.mailserver import PASSWORD, email_channel, mail_server, running_mail_server  # noqa: F401  # fixture


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
