"""Accepting TCP connections one by one, so that each is seen before any handshake, and may turn out TLS or plain."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self

Serve = Callable[[socket.socket], Awaitable[None]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

BUFFER = 1 << 20  # one header block or control line fits


class Listener:
    """Listens on one port and runs `serve` for each accepted connection, which it closes afterwards."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._socket: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> Self:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=512)
        self._socket.setblocking(False)
        self._accepting = asyncio.create_task(self._accept(self._socket))
        return self

    @property
    def port(self) -> int:
        assert self._socket, "not started"
        return int(self._socket.getsockname()[1])

    async def close(self) -> None:
        tasks = [*self._connections, *([self._accepting] if self._accepting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._socket:
            self._socket.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError:
                await asyncio.sleep(0.05)  # out of file descriptors, or the client has gone: the port stays open
                continue
            task = asyncio.create_task(self._run(connection))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

    async def _run(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            await self._serve(connection)
        except (OSError, EOFError):
            pass  # the other side went away, or its handshake failed: its business
        finally:
            connection.close()


@asynccontextmanager
async def streams(connection: socket.socket, tls: ssl.SSLContext | None = None) -> AsyncIterator[Streams]:
    """Reader and writer of an accepted connection, after the TLS handshake if `tls` is given.

    Raises:
        OSError: the handshake failed (ssl.SSLError is one).
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=BUFFER)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=tls)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(OSError, TimeoutError, asyncio.CancelledError):
            # A second is plenty on one machine; a client that does not answer close_notify is not waited for.
            await asyncio.wait_for(writer.wait_closed(), 1)
        transport.abort()


async def first_bytes(connection: socket.socket, patience: float) -> bytes:
    """The first bytes (16 at most) that a client sends, left in the socket; none if `patience` seconds pass without."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await asyncio.wait_for(readable.wait(), patience)
    except TimeoutError:
        return b""
    finally:
        loop.remove_reader(connection)
    return connection.recv(16, socket.MSG_PEEK)
