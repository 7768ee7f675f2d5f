"""`telemetry.prometheus`: one address for all processes of an installation on a host.

Each process answers on a socket of its own in a folder that they share; whichever has the address asks the others and
answers for all. When it ends, another one takes the address within seconds.
"""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from airut.adapters.telemetry.prometheus import CONTENT_TYPE, merged

AGAIN = 3.0
"""Seconds between two tries to have the address; a scrape comes every fifteen or so."""

LIMIT = 2.0
"""Seconds that one process may take to answer another one."""

log = logging.getLogger(__name__)

Text = Callable[[], str]
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scraped(address: tuple[str, int], folder: Path, own: Text, again: float = AGAIN) -> AsyncIterator[None]:
    """Meanwhile `own` is part of what is read at `address`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = folder / f"{os.getpid()}-{secrets.token_hex(4)}.sock"

    async def alone() -> str:
        return await asyncio.to_thread(own)

    async def together() -> str:
        others = [each for each in sorted(folder.glob("*.sock")) if each != socket]
        found = await asyncio.gather(*(_asked(each) for each in others))
        return merged([await alone(), *filter(None, found)])

    async with AsyncExitStack() as stack:
        server = await asyncio.start_unix_server(_answering(alone), socket)
        stack.push_async_callback(_close, server, socket)
        taking = asyncio.create_task(_take(address, _answering(together), again))
        stack.callback(taking.cancel)
        yield


async def _take(address: tuple[str, int], answer: Answer, again: float) -> None:
    """Have the address as soon as it is free, until cancelled."""
    while True:
        try:
            server = await asyncio.start_server(answer, *address)
        except OSError as error:
            log.debug("%s:%d: %s", *address, error)
            await asyncio.sleep(again)
            continue
        async with server:
            await server.serve_forever()


async def _close(server: asyncio.Server, socket: Path) -> None:
    server.close()
    socket.unlink(missing_ok=True)


async def _asked(socket: Path) -> str | None:
    """What another process has; None where it is gone, and its socket is removed."""
    try:
        async with asyncio.timeout(LIMIT):
            reader, writer = await asyncio.open_unix_connection(socket)
            writer.write(b"GET /metrics HTTP/1.0\r\n\r\n")
            answer = await reader.read()
            writer.close()
    except (ConnectionRefusedError, FileNotFoundError):
        socket.unlink(missing_ok=True)
        return None
    except (OSError, TimeoutError):
        return None
    return answer.partition(b"\r\n\r\n")[2].decode()


def _answering(text: Callable[[], Awaitable[str]]) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(LIMIT * 2):
                request = await reader.readuntil(b"\r\n\r\n")
                asked = request.split(b"\r\n", 1)[0].split(b" ")
                if len(asked) == 3 and asked[0] == b"GET" and asked[1].split(b"?")[0] == b"/metrics":
                    body, status = (await text()).encode(), "200 OK"
                else:
                    body, status = b"metrics are at /metrics\n", "404 Not Found"
                head = f"HTTP/1.0 {status}\r\nContent-Type: {CONTENT_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked has gone, or speaks something else
        finally:
            with contextlib.suppress(OSError):
                writer.close()

    return answer
