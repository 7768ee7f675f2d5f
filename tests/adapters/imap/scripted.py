"""Small mail servers that misbehave on purpose, and mailboxes on them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from airut.adapters.imap.mailbox import imap_mailbox
from airut.models.mail.settings import EmailChannel, ImapSettings, MailAccount
from airut.ports.mailbox import Mailbox

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


@contextlib.asynccontextmanager
async def opened(channel: EmailChannel) -> AsyncIterator[Mailbox]:
    async with asyncio.timeout(60), imap_mailbox(channel.imap, channel.account)() as mailbox:
        yield mailbox
