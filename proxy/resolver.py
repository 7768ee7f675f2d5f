"""Asks the operator's name servers for an allowed host, once, and remembers the answer for as long as it says."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import override

from proxy import hosts
from proxy.block import Reason, Refused
from proxy.dns import wire
from proxy.dns.wire import Answer, Type
from proxy.upstream import IPAddress

PORT = 53
TIMEOUT = 2.0  # seconds for one server to answer; a resolver that has to recurse needs about one
ROUNDS = 2
TTL_RANGE = (1, 300)  # seconds: not one look-up per request, and a moved host is found again within minutes
MAX_CACHED = 1_024
logger = logging.getLogger(__name__)


class ResolutionError(Exception):
    """No name server gave a usable answer."""


@dataclass(frozen=True)
class _Cached:
    addresses: tuple[IPAddress, ...]
    until: float


class Resolver:
    """A stub resolver (RFC 1034 §5.3.1) that never looks at `/etc/hosts` or search domains."""

    def __init__(self, servers: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._servers = [_endpoint(server) for server in servers] or system_servers()
        self._clock = clock
        self._cache: dict[str, _Cached] = {}

    async def resolve(self, host: str) -> tuple[IPAddress, ...]:
        """Every address of a canonical host, IPv4 first; an IP literal is its own.

        Raises:
            Refused: `upstream_unreachable`: the name does not exist, has no address, or no server answered.
        """
        if (literal := hosts.ip_literal(host)) is not None:
            return (literal,)
        cached = self._cache.get(host)
        if cached is not None and cached.until > self._clock():
            return cached.addresses
        try:
            v4, v6 = await asyncio.gather(self._ask(host, Type.A), self._ask(host, Type.AAAA), return_exceptions=True)
            answers = _usable(v4, v6)
        except ResolutionError as error:
            raise Refused(Reason.UPSTREAM_UNREACHABLE, str(error)) from error
        addresses = tuple(dict.fromkeys(address for answer in answers for address in answer.addresses))
        if not addresses:
            raise Refused(Reason.UPSTREAM_UNREACHABLE, "the name has no address")
        ttl = min(max(min(answer.ttl for answer in answers), TTL_RANGE[0]), TTL_RANGE[1])
        if len(self._cache) >= MAX_CACHED:
            self._cache.pop(next(iter(self._cache)))
        self._cache[host] = _Cached(addresses, self._clock() + ttl)
        return addresses

    async def _ask(self, host: str, qtype: Type) -> Answer:
        if not self._servers:
            raise ResolutionError("no name server is configured")
        problem = ""
        for _ in range(ROUNDS):
            for server in self._servers:
                try:
                    async with asyncio.timeout(TIMEOUT):
                        answer = await _exchange(server, host, qtype)
                except (TimeoutError, OSError, ValueError, asyncio.IncompleteReadError) as error:
                    problem = type(error).__name__
                    continue
                if answer.rcode in (wire.Rcode.NOERROR, wire.Rcode.NXDOMAIN):
                    return answer
                problem = f"rcode {answer.rcode}"
        raise ResolutionError(f"the name could not be resolved ({problem})")


def _usable(v4: Answer | BaseException, v6: Answer | BaseException) -> list[Answer]:
    """The answers with addresses: one family that fails does not hide the other."""
    if isinstance(v4, Answer):
        return [v4, v6] if isinstance(v6, Answer) else [v4]
    if isinstance(v6, Answer) and v6.addresses:
        return [v6]
    raise v4


async def _exchange(server: tuple[str, int], host: str, qtype: Type) -> Answer:
    # A fresh socket and id for every query: together they are what an off-path forger has to guess (RFC 5452 §9.2).
    query = wire.encode_query(secrets.randbelow(1 << 16), host, qtype)
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(lambda: _Waiter(query), remote_addr=server)
    try:
        transport.sendto(query)
        answer = await protocol.answer
    finally:
        transport.close()
    return await _exchange_over_tcp(server, query) if answer.truncated else answer


async def _exchange_over_tcp(server: tuple[str, int], query: bytes) -> Answer:
    reader, writer = await asyncio.open_connection(*server)
    try:
        writer.write(len(query).to_bytes(2) + query)
        return wire.parse_answer(await reader.readexactly(int.from_bytes(await reader.readexactly(2))), query)
    finally:
        writer.close()


class _Waiter(asyncio.DatagramProtocol):
    """Waits for the reply to one query; datagrams that are not it are ignored."""

    def __init__(self, query: bytes) -> None:
        self._query = query
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            answer = wire.parse_answer(data, self._query)
        except ValueError:
            logger.debug("a datagram that is not our answer was ignored")
            return
        if not self.answer.done():
            self.answer.set_result(answer)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


def _endpoint(server: str) -> tuple[str, int]:
    """`address` or `address:port`, an IPv6 address with a port in brackets."""
    literal = hosts.ip_literal(server)
    return (str(literal), PORT) if literal is not None else hosts.split_authority(server, PORT)


def system_servers(path: Path = Path("/etc/resolv.conf")) -> list[tuple[str, int]]:
    """The container's own resolvers (resolv.conf(5)), at most three as everywhere."""
    lines = path.read_text().splitlines() if path.exists() else []
    words = [line.split() for line in lines]
    found = [word[1] for word in words if len(word) > 1 and word[0] == "nameserver"]
    return [(address, PORT) for address in found[:3] if hosts.ip_literal(address.partition("%")[0]) is not None]
