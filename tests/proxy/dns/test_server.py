"""The responder's sockets, and the lines it writes."""

import asyncio
import ipaddress
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airut.demo.ports import EVERY_ADDRESS, free_port
from proxy.access_log import AccessLog
from proxy.dns import wire
from proxy.dns.server import MAX_TCP, QueryLog, Responder
from proxy.dns.wire import Rcode, Type

PROXY = ipaddress.ip_address("10.199.0.2")
HOST = "127.77.0.3"


@dataclass
class Running:
    responder: Responder
    port: int
    path: Path
    log: QueryLog

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    path = tmp_path / "network.jsonl"
    log = QueryLog(AccessLog(path), lambda name: name == "allowed.test")
    responder = Responder([PROXY], log)
    port = free_port(EVERY_ADDRESS)
    await responder.start(HOST, port)
    yield Running(responder, port, path, log)
    responder.close()


class Client(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes], None]) -> None:
        self.received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received(data)


async def test_tcp_takes_several_queries_on_one_connection(running: Running) -> None:
    reader, writer = await asyncio.open_connection(HOST, running.port)
    for number in range(3):
        query = wire.encode_query(number, "api.test", Type.A)
        writer.write(len(query).to_bytes(2) + query)
        answer = await reader.readexactly(int.from_bytes(await reader.readexactly(2)))
        assert wire.parse_answer(answer, query).addresses == (PROXY,)
    writer.close()


async def test_a_bad_frame_ends_the_connection(running: Running) -> None:
    reader, writer = await asyncio.open_connection(HOST, running.port)
    writer.write(b"\0\x03abc")
    assert await reader.read() == b""
    writer.close()


async def test_the_number_of_connections_is_limited(running: Running) -> None:
    opened = [await asyncio.open_connection(HOST, running.port) for _ in range(MAX_TCP + 1)]
    assert await opened[-1][0].read() == b""
    for _, writer in opened:
        writer.close()


async def test_repeats_are_counted(running: Running) -> None:
    for text in ("allowed.test", "allowed.test", "other.test", "allowed.test"):
        running.responder.reply(wire.encode_query(1, text, Type.A))
    running.log.flush()
    lines = [(line["name"], line["decision"], line["rcode"], line.get("repeats")) for line in running.lines()]
    assert lines == [
        ("allowed.test", "allowed", "NOERROR", None),
        ("other.test", "blocked", "NOERROR", None),
        ("allowed.test", "allowed", "NOERROR", 2),
    ]


async def test_an_error_of_ours_is_servfail(running: Running) -> None:
    responder = Responder(["not an address"], running.log)  # type: ignore[list-item]
    reply = responder.reply(wire.encode_query(9, "api.test", Type.A))
    assert reply is not None
    assert (reply[:2], reply[3] & 0xF) == (b"\0\x09", Rcode.SERVFAIL)


async def test_it_says_when_its_socket_is_gone(running: Running) -> None:
    running.responder.close()
    await asyncio.wait_for(asyncio.shield(running.responder.lost), 60)


async def test_a_thousand_queries_a_second(running: Running) -> None:
    answered: list[bytes] = []
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Client(answered.append), remote_addr=(HOST, running.port)
    )
    began = time.perf_counter()
    async with asyncio.timeout(60):
        for number in range(2_000):
            transport.sendto(wire.encode_query(number, f"host-{number}.test", Type.A))
            while number % 20 == 19 and len(answered) <= number:  # as many clients would: a few in flight each
                await asyncio.sleep(0)
    assert len({answer[:2] for answer in answered}) == 2_000
    print(f"{2_000 / (time.perf_counter() - began):.0f} queries a second")
    transport.close()
