"""Says that the fence stands: every port answers as an agent would see it, before any agent is started."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import override

from cryptography.hazmat.primitives import serialization

from proxy import access_log
from proxy.dns import wire
from proxy.dns.wire import Type
from proxy.rules import DEFAULT_PORTS, Rules
from proxy.settings import DNS_PORT, PROBE_HOST, Ports
from proxy.tls import Issuer

PROBE_EVERY = 0.1
PROBE_TIMEOUT, ROUND_TIMEOUT = 30.0, 5.0
"""Seconds in all, and for one look at every port. Tenths of one do on an idle machine; a busy one loses no sandbox."""
_REQUEST = f"GET / HTTP/1.1\r\nHost: {PROBE_HOST}\r\nConnection: close\r\n\r\n".encode()


async def wait_until_ready(rules: Rules, ports: Ports, issuer: Issuer, hold: Callable[[], bool]) -> bool:
    """True once DNS answers over both transports, and every other port with a block page. False when these rules do not
    `hold` any more: by others, or by none that can be read, a port need not answer.

    Raises:
        TimeoutError: not within half a minute; tells what the last look met.
    """
    met = "nothing was looked at"
    try:
        async with asyncio.timeout(PROBE_TIMEOUT):
            while hold():
                try:
                    async with asyncio.timeout(ROUND_TIMEOUT):
                        await _probe_all(rules, ports, issuer)
                    return True
                except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
                    met = repr(error)
                    await asyncio.sleep(PROBE_EVERY)
            return False
    except TimeoutError as error:
        raise TimeoutError(f"the ports of the fence do not answer within {PROBE_TIMEOUT:g} s: {met}") from error


def write_ready(path: Path, rules: Rules, ports: Ports) -> None:
    """Writes the file whose presence means ready, as a whole or not at all."""
    document = {
        "time": access_log.timestamp(),
        "dns": ports.to_bind(DNS_PORT),
        "tcp": [ports.to_bind(port) for port in rules.tcp_ports()],
        "digest": rules.digest,
    }
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(document) + "\n")
    beside.replace(path)


async def _probe_all(rules: Rules, ports: Ports, issuer: Issuer) -> None:
    context = ssl.create_default_context(
        cadata="".join(root.public_bytes(serialization.Encoding.PEM).decode() for root in issuer.roots)
    )
    await _probe_dns(rules.listen, ports.to_bind(DNS_PORT))
    for own, port in itertools.product(map(str, rules.own_addresses), rules.tcp_ports()):
        bound = ports.to_bind(port)
        await _probe_http(own, bound, None)
        if port != DEFAULT_PORTS["http"]:
            await _probe_http(own, bound, context)


async def _probe_dns(host: str, port: int) -> None:
    query = wire.encode_query(0, PROBE_HOST, Type.A)
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(len(query).to_bytes(2) + query)
        wire.parse_answer(await reader.readexactly(int.from_bytes(await reader.readexactly(2))), query)
    finally:
        writer.close()
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bytes] = loop.create_future()
    transport, _ = await loop.create_datagram_endpoint(lambda: _First(answered), remote_addr=(host, port))
    try:
        transport.sendto(query)
        wire.parse_answer(await answered, query)
    finally:
        transport.close()


class _First(asyncio.DatagramProtocol):
    def __init__(self, answered: asyncio.Future[bytes]) -> None:
        self._answered = answered

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self._answered.done():
            self._answered.set_result(data)


async def _probe_http(host: str, port: int, context: ssl.SSLContext | None) -> None:
    # From the proxy's own address: only it can be the source of a probe (see addon.py).
    reader, writer = await asyncio.open_connection(
        host, port, ssl=context, server_hostname=PROBE_HOST if context else None, local_addr=(host, 0)
    )
    try:
        writer.write(_REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        if b"X-Airut-Blocked" not in head:
            raise ValueError("the probe was not blocked")
    finally:
        writer.close()
