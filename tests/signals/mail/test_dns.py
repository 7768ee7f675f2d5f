"""TXT records from a name server on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from signals.mail.dns import DnsResolver, DnsTemporary

RECORDS = {
    "one.test.": ['"v=DMARC1; p=none"'],
    "split.test.": ['"v=DKIM1; p=" "AAAA" "BBBB"'],
    "several.test.": ['"one"', '"two"'],
    "bytes.test.": ['"\\255\\000x"'],
    "long.test.": [f'"{"x" * 255}" "{"y" * 255}"'] * 9,
}


def answer(query: dns.message.Message, *, tcp: bool) -> dns.message.Message | None:
    """What the name server says; None for nothing at all."""
    reply = dns.message.make_response(query)
    name = query.question[0].name.to_text().lower()
    if name in RECORDS and name == "long.test." and not tcp:
        reply.flags |= dns.flags.TC
    elif name in RECORDS:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", *RECORDS[name]))
    elif name == "alias.test.":
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", "one.test."))
        reply.answer.append(dns.rrset.from_text("one.test.", 60, "IN", "TXT", *RECORDS["one.test."]))
    elif name == "broken.test.":
        reply.set_rcode(dns.rcode.SERVFAIL)
    elif name == "refused.test.":
        reply.set_rcode(dns.rcode.REFUSED)
    elif name != "empty.test.":
        reply.set_rcode(dns.rcode.NXDOMAIN)
    return reply


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._send: Callable[[bytes, tuple[str, int]], None] = transport.sendto  # type: ignore[attr-defined]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if reply := answer(dns.message.from_wire(data), tcp=False):
            self._send(reply.to_wire(), addr)


async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    size = int.from_bytes(await reader.readexactly(2))
    if reply := answer(dns.message.from_wire(await reader.readexactly(size)), tcp=True):
        wire = reply.to_wire()
        writer.write(len(wire).to_bytes(2) + wire)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def name_server() -> AsyncIterator[DnsResolver]:
    server = await asyncio.start_server(stream, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", port))
    try:
        yield DnsResolver(("127.0.0.1",), port)
    finally:
        transport.close()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("one.test", (b"v=DMARC1; p=none",)),
        ("one.test.", (b"v=DMARC1; p=none",)),
        ("split.test", (b"v=DKIM1; p=AAAABBBB",)),
        ("alias.test", (b"v=DMARC1; p=none",)),
        ("bytes.test", (b"\xff\x00x",)),
        ("long.test", (b"x" * 255 + b"y" * 255,)),
        ("empty.test", ()),
        ("missing.test", ()),
        ("_dmarc..test", ()),
        (f"{'x' * 64}.test", ()),
        (".".join(["x" * 60] * 5), ()),
    ],
)
async def test_records(name: str, records: tuple[bytes, ...]) -> None:
    async with name_server() as resolver:
        assert await resolver.txt(name) == records


async def test_several_records_at_one_name() -> None:
    async with name_server() as resolver:
        assert sorted(await resolver.txt("several.test")) == [b"one", b"two"]


@pytest.mark.parametrize("name", ["broken.test", "refused.test"])
async def test_no_answer_now(name: str) -> None:
    async with name_server() as resolver:
        with pytest.raises(DnsTemporary, match=f"^TXT {name}: NoNameservers$"):
            await resolver.txt(name)
