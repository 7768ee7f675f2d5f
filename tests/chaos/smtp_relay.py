"""Between the product and its mail server: can hold the server's last word on a mail, so that a kill falls right there."""

import asyncio
import contextlib
import ssl
import tempfile

from airut.demo.tls import Authority

LINE = 1 << 20
HELD_MOST = 300.0
"""Seconds: whoever forgets to let go gets an answer in the end."""


class HeldMail:
    """A mail that the server has taken, and the product does not know it yet."""

    def __init__(self, *marks: str) -> None:
        self._marks = tuple(mark.encode() for mark in marks)
        self.reached = asyncio.Event()
        self.released = asyncio.Event()

    def holds(self, mail: bytes) -> bool:
        return not self.released.is_set() and all(mark in mail for mark in self._marks)

    async def wait(self) -> None:
        self.reached.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.released.wait(), HELD_MOST)


class SmtpRelay:
    """Speaks RFC 5321 with STARTTLS to both sides, line by line, and changes nothing."""

    def __init__(self, authority: Authority, server_port: int) -> None:
        self._server_port = server_port
        self._held: list[HeldMail] = []
        self._server: asyncio.Server | None = None
        with tempfile.NamedTemporaryFile() as file:  # the ssl module loads certificates from files only
            file.write(b"".join(authority.leaf("127.0.0.1")))
            file.flush()
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(file.name)
        self._upstream = ssl.create_default_context(cadata=authority.certificate_pem.decode())

    async def start(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LINE)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        for held in self._held:
            held.released.set()
        if self._server is not None:
            self._server.close()
            self._server.close_clients()
            await self._server.wait_closed()

    def hold(self, *marks: str) -> HeldMail:
        """Hold the answer to every mail that has all of these words in it."""
        held = HeldMail(*marks)
        self._held.append(held)
        return held

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        to_server: asyncio.StreamWriter | None = None
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port, limit=LINE)
            await self._converse(client, to_client, server, to_server)
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # one of the two is gone, which is what this is for
        finally:
            for writer in (to_client, to_server):
                if writer is not None and writer.transport is not None:
                    writer.transport.abort()

    async def _converse(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        to_client.write(await _answer(server))
        while command := await client.readline():
            to_server.write(command)
            answer = await _answer(server)
            verb = command.strip().upper()
            secures = verb == b"STARTTLS" and answer.startswith(b"220")
            if secures:
                await to_server.start_tls(self._upstream, server_hostname="127.0.0.1")
                transport = to_client.transport
                assert isinstance(transport, asyncio.Transport), "a socket's can be read from"
                transport.pause_reading()  # what comes next is for TLS, not for our reader
            to_client.write(answer)
            if secures:
                await to_client.start_tls(self._context)
            elif verb == b"DATA" and answer.startswith(b"354"):
                mail = await client.readuntil(b"\r\n.\r\n")
                to_server.write(mail)
                last_word = await _answer(server)
                for held in self._held:
                    if held.holds(mail):
                        await held.wait()
                to_client.write(last_word)
            await to_client.drain()


async def _answer(server: asyncio.StreamReader) -> bytes:
    """One reply, all of its lines (RFC 5321 §4.2.1)."""
    lines: list[bytes] = []
    while True:
        line = await server.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the server is gone")
        lines.append(line)
        if line[3:4] != b"-":
            return b"".join(lines)
