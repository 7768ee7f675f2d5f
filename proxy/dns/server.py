"""The responder's sockets: UDP and TCP on one address, and the log of what was asked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import override

from proxy.access_log import AccessLog
from proxy.dns import wire
from proxy.dns.responder import IPAddress, Reply, answer
from proxy.dns.wire import Rcode
from proxy.settings import PROBE_HOST

TCP_IDLE = 5.0  # seconds: long enough for a client that asks again, short enough to free the connection
MAX_TCP = 64
REPEAT_WINDOW = 60.0  # seconds in which the same question is counted instead of written again
MAX_REPEATS = 1_024  # names counted at a time; beyond that the oldest count is written out
logger = logging.getLogger(__name__)


@dataclass
class _Repeats:
    since: float
    count: int


class QueryLog:
    """One line per question; the same one within a minute is counted, and the count written afterwards."""

    def __init__(self, log: AccessLog, allowed: Callable[[str], bool], clock: Callable[[], float] = time.monotonic):
        self._log = log
        self._allowed = allowed
        self._clock = clock
        self._seen: dict[tuple[str, str, Rcode | None], _Repeats] = {}

    def note(self, reply: Reply) -> None:
        """Records one reply."""
        key = (reply.name or "", reply.qtype, reply.rcode)
        seen = self._seen.get(key)
        if seen is not None and self._clock() - seen.since < REPEAT_WINDOW:
            seen.count += 1
            return
        if seen is not None:
            self._write_repeats(key)
        if len(self._seen) >= MAX_REPEATS:
            self._write_repeats(next(iter(self._seen)))
        self._seen[key] = _Repeats(self._clock(), 0)
        self._write(key, None)

    def flush(self) -> None:
        """Writes the counts that are still open."""
        for key in list(self._seen):
            self._write_repeats(key)

    def _write_repeats(self, key: tuple[str, str, Rcode | None]) -> None:
        if count := self._seen.pop(key).count:
            self._write(key, count)

    def _write(self, key: tuple[str, str, Rcode | None], repeats: int | None) -> None:
        name, qtype, rcode = key
        decision = "allowed" if name and self._allowed(name) else "blocked"
        said = rcode.name if rcode is not None else "DROPPED"
        fields = {"name": name, "type": qtype or None, "rcode": said, "decision": decision, "repeats": repeats}
        self._log.write("dns", fields)


class Responder(asyncio.DatagramProtocol):
    """Serves one address until closed; `lost` is done as soon as it no longer can."""

    def __init__(self, own: Sequence[IPAddress], log: QueryLog) -> None:
        self._own = own
        self._log = log
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        self._connections = 0
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def start(self, host: str, port: int) -> None:
        """Binds both transports.

        Raises:
            OSError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        self._tcp = await asyncio.start_server(self._serve, host, port)
        self._udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))

    def close(self) -> None:
        """Stops serving; the counts still open are written."""
        self._log.flush()
        if self._tcp is not None:
            self._tcp.close()
        if self._udp is not None:
            self._udp.close()

    def reply(self, data: bytes) -> bytes | None:
        """The reply to a message; an error of ours is SERVFAIL, never silence."""
        try:
            reply = answer(data, *self._own)
        except Exception:
            logger.exception("a DNS query could not be answered")
            reply = _failure(data)
        if reply.rcode is not None and reply.name != PROBE_HOST:
            self._log.note(reply)
        return reply.data

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """One query over UDP (RFC 1035 §4.2.1)."""
        if (reply := self.reply(data)) is not None and self._udp is not None:
            self._udp.sendto(reply, addr)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """The UDP socket is gone: so is the responder."""
        if not self.lost.done():
            self.lost.set_result(None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Queries over TCP, each with its length before it (RFC 7766 §8)."""
        if self._connections >= MAX_TCP:
            writer.close()
            return
        self._connections += 1
        try:
            while True:
                async with asyncio.timeout(TCP_IDLE):
                    length = int.from_bytes(await reader.readexactly(2))
                    reply = self.reply(await reader.readexactly(length))
                if reply is None:
                    return
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._connections -= 1
            writer.close()


def _failure(data: bytes) -> Reply:
    ident = int.from_bytes(data[:2])
    header = wire.Header(ident, 0, recursion_desired=False)
    return Reply(wire.encode_failure(header, Rcode.SERVFAIL), None, "", Rcode.SERVFAIL)
