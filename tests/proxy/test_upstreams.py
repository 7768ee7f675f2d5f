"""The proxy as a client: addresses, certificates, streams, WebSockets, and upstreams that fail."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.demo.ports import EVERY_ADDRESS, free_port
from tests.proxy.authority import Authority
from tests.proxy.documents import credential, entry, rules
from tests.proxy.fence import UPSTREAM, Fence
from tests.proxy.upstreams import Echo, Http2Echo, once

REAL = b"a-real-value"
MOST_MIB = 200
"""Of memory that a proxy may have needed, whatever has gone through it."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.mark.parametrize(
    ("addresses", "open_", "private"),
    [
        (["10.0.0.1"], ["127.0.0.0/8"], ["127.0.0.0/8"]),
        ([UPSTREAM, "10.0.0.1"], ["127.0.0.0/8"], ["127.0.0.0/8"]),
        ([UPSTREAM, "::1"], ["127.0.0.0/8"], ["127.0.0.0/8"]),
        ([UPSTREAM], [], ["127.0.0.0/8"]),
        ([UPSTREAM], ["127.0.0.0/8"], []),
        (["169.254.169.254"], ["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["::ffff:169.254.169.254"], ["0.0.0.0/0"], ["0.0.0.0/0"]),
        (["127.77.0.2"], ["127.0.0.0/8"], ["127.0.0.0/8"]),
    ],
)
async def test_addresses(fence: Fence, addresses: list[str], open_: list[str], private: list[str]) -> None:
    echo = Echo()
    host = f"h{abs(hash((*addresses, *open_, *private)))}.test"
    port = await fence.upstream(host, echo)
    fence.names.names[host] = addresses
    await fence.use(rules(entry(host, ports=[port], addresses=open_), private_ranges=private))
    async with fence.client() as client:
        answer = await client.get(f"https://{host}:{port}/")
    assert answer.json()["reason"] == "upstream_address_refused"
    assert echo.connections == 0


async def test_the_checked_address_is_the_one_connected_to(fence: Fence) -> None:
    """Rebinding: the second answer is another one, and is never asked for."""
    echo = Echo()
    port = await fence.upstream("rebind.test", echo)
    fence.names.ttl = 60
    await fence.use(rules(entry("rebind.test", ports=[port])))
    async with fence.client() as client:
        first = await client.get(f"https://rebind.test:{port}/")
        asked = list(fence.names.asked)  # A and AAAA, and again what was answered late
        fence.names.names["rebind.test"] = ["10.0.0.1"]
        second = await client.get(f"https://rebind.test:{port}/")
    assert (first.status_code, second.status_code) == (200, 200)
    assert (set(asked), fence.names.asked) == ({"rebind.test"}, asked)
    assert (await fence.logged(2))[1]["upstream_ip"] == UPSTREAM


async def test_a_name_that_does_not_exist(fence: Fence) -> None:
    await fence.use(rules(entry("nowhere.test")))
    async with fence.client() as client:
        answer = await client.get("https://nowhere.test/")
    assert (answer.status_code, answer.json()["reason"]) == (502, "upstream_unreachable")


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that speaks first, and no TLS."""
    writer.write(b"220 mail.test ESMTP\r\n")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("fault", ["name", "expired", "unknown authority", "self-signed", "not tls"])
async def test_certificates(fence: Fence, fault: str) -> None:
    echo = Echo()
    contexts = {
        "name": fence.authority.server_context("other.test"),
        "expired": fence.authority.server_context("bad.test", expired=True),
        "unknown authority": Authority().server_context("bad.test"),
        "self-signed": Authority().server_context("bad.test"),
        "not tls": None,
    }
    serve = greeting if fault == "not tls" else echo
    port = await fence.upstream("bad.test", serve, tls=fault != "not tls", context=contexts[fault])
    await fence.use(rules(entry("bad.test", ports=[port])))
    async with fence.client() as client:
        for _ in range(2):
            answer = await client.post(f"https://bad.test:{port}/", content=b"secret")
            reason = "upstream_unreachable" if fault == "not tls" else "upstream_certificate_invalid"
            assert (answer.status_code, answer.json()["reason"]) == (502, reason)
    assert echo.heads == []


async def test_an_upstream_that_comes_back_is_reached_on_the_same_connection(fence: Fence) -> None:
    port = free_port(EVERY_ADDRESS)
    fence.names.names["late.test"] = [UPSTREAM]
    await fence.use(rules(entry("late.test", ports=[port])))
    async with fence.client() as client:
        assert (await client.get(f"https://late.test:{port}/")).status_code == 502
        server = await asyncio.start_server(once(OK), UPSTREAM, port, ssl=fence.authority.server_context("late.test"))
        assert (await client.get(f"https://late.test:{port}/")).status_code == 200
        server.close()


async def test_server_sent_events_one_by_one(fence: Fence) -> None:
    """The next event leaves when the one before has arrived: were they gathered on the way, none would come."""
    taken = [asyncio.Event() for _ in range(10)]

    async def events(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for number, arrived in enumerate(taken):
            data = f"data: {number}\n\n".encode()
            writer.write(b"%x\r\n%s\r\n" % (len(data), data))
            await writer.drain()
            await arrived.wait()
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    port = await fence.upstream("sse.test", events)
    await fence.use(rules(entry("sse.test", ports=[port])))
    got: list[bytes] = []
    async with fence.client() as client, client.stream("GET", f"https://sse.test:{port}/") as answer:
        async for piece in answer.aiter_raw():
            taken[len(got)].set()
            got.append(piece)
    assert got == [f"data: {number}\n\n".encode() for number in range(10)]


@pytest.mark.parametrize("http2", [False, True])
async def test_a_large_body_each_way_in_bounded_memory(fence: Fence, http2: bool) -> None:
    """As much as the process may hold beside itself, which is some 65 MiB; the bench sends a gigabyte."""
    size, piece = MOST_MIB * 1024**2, b"x" * 1024**2
    received = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if head.startswith("POST"):
            while received < size:
                received += len(await reader.read(1024**2))
            writer.write(OK)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size)
            for _ in range(size // len(piece)):
                writer.write(piece)
                await writer.drain()
        await writer.drain()
        writer.close()

    async def upload() -> AsyncIterator[bytes]:
        for _ in range(size // len(piece)):
            yield piece

    port = await fence.upstream("big.test", serve)
    await fence.use(rules(entry("big.test", ports=[port])))
    assert fence.process is not None
    async with fence.client(http2=http2, http1=not http2) as client:
        length = {"Content-Length": str(size)}
        answer = await client.post(f"https://big.test:{port}/", content=upload(), headers=length, timeout=60)
        assert (answer.status_code, received) == (200, size)
        total = 0
        async with client.stream("GET", f"https://big.test:{port}/", timeout=60) as download:
            async for data in download.aiter_raw():
                total += len(data)
    assert total == size
    peak = peak_memory(fence.process.pid)
    print(f"peak memory {peak} MiB")
    assert peak < MOST_MIB  # of all that the process has done so far


def peak_memory(pid: int) -> int:
    """The largest resident set so far, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


async def test_a_blocked_upload_is_answered_without_being_kept(fence: Fence) -> None:
    await fence.use(rules())
    reader, writer = await fence.connect("no.test", 443)
    writer.write(b"POST / HTTP/1.1\r\nHost: no.test\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100_000)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
    assert head.startswith(b"HTTP/1.1 403")
    assert b"Connection: close" in head
    writer.close()


async def test_an_upstream_that_breaks_off(fence: Fence) -> None:
    # Of a type that is passed on as it comes: a text without a type is looked at first, where there are credentials.
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\n"
    port = await fence.upstream("cut.test", once(head + b"half"))
    await fence.use(rules(entry("cut.test", ports=[port])))
    request = f"GET / HTTP/1.1\r\nHost: cut.test:{port}\r\n\r\n".encode()
    received = await fence.exchange("cut.test", port, request, answers=2)  # until it closes
    assert received.endswith(b"half")
    assert "error" in (await fence.logged(1))[0]


async def test_an_upstream_that_says_nothing(fence: Fence) -> None:
    port = await fence.upstream("mute.test", once(b""))
    await fence.use(rules(entry("mute.test", ports=[port])))
    async with fence.client() as client:
        answer = await client.get(f"https://mute.test:{port}/")
    assert (answer.status_code, answer.json()["reason"]) == (502, "upstream_unreachable")


async def test_a_websocket_passes(fence: Fence) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        accepted = base64.b64encode(
            hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        ).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )
        frame = await reader.readexactly(2 + 4 + 5)
        await reader.readexactly(2 + 4 + 16)
        writer.write(b"\x81\x05" + bytes(c ^ frame[2 + i % 4] for i, c in enumerate(frame[6:])))
        for opcode in (b"\x81", b"\x82"):
            writer.write(opcode + bytes([len(REAL)]) + REAL)
        await writer.drain()
        await reader.read()
        writer.close()

    port = await fence.upstream("ws.test", serve)
    token = credential("TOKEN", value=REAL.decode(), surrogate="airut-look-alike", hosts=["ws.test"], ports=[port])
    await fence.use(rules(entry("ws.test", ports=[port], methods=["GET"]), credentials=[token]))
    reader, writer = await fence.connect("ws.test", port)
    writer.write(
        f"GET /chat HTTP/1.1\r\nHost: ws.test:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    writer.write(b"\x81\x85\1\2\3\4" + bytes(c ^ b"\1\2\3\4"[i % 4] for i, c in enumerate(b"hello")))
    writer.write(b"\x81\x90\0\0\0\0airut-look-alike")
    assert await reader.readexactly(7) == b"\x81\x05hello"
    assert await reader.readexactly(18) == b"\x81\x10airut-look-alike"
    assert await reader.readexactly(2 + len(REAL)) == b"\x82" + bytes([len(REAL)]) + REAL  # binary
    writer.close()
    assert (await fence.logged(1))[0]["status"] == 101
    line = (await fence.logged(1, "ws"))[0]
    assert (line["bytes_out"], line["bytes_in"], line["scrubbed"]) == (5 + 16, 5 + 2 * len(REAL), 1)
    assert line["surrogate_in"] == ["body"]


async def test_a_response_with_trailers_does_not_hang(own_fence: Fence) -> None:
    fence = own_fence  # it complains: mitmproxy has no trailers in HTTP/1
    port = await fence.upstream(
        "trailers.test", once(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n")
    )
    await fence.use(rules(entry("trailers.test", ports=[port])))
    request = f"GET / HTTP/1.1\r\nHost: trailers.test:{port}\r\nConnection: close\r\n\r\n".encode()
    received = await asyncio.wait_for(fence.exchange("trailers.test", port, request, answers=2), 60)  # until it closes
    assert b"ok" in received


async def test_http2_upstream(fence: Fence) -> None:
    server = Http2Echo()
    port = await fence.upstream("h2.test", server, alpn=["h2"])
    await fence.use(rules(entry("h2.test", ports=[port])))
    async with fence.client(http2=True) as client:
        answers = await asyncio.gather(
            *(client.post(f"https://h2.test:{port}/{n}", content=b"x" * n) for n in range(20))
        )
    assert [len(answer.content) for answer in answers] == list(range(20))
    assert server.connections == 1
    assert {(b":authority", f"h2.test:{port}".encode()), (b":scheme", b"https")} <= set(server.headers[0])
    assert b"host" not in dict(server.headers[0])


async def test_http2_to_an_http1_upstream_streams_many_at_once(fence: Fence) -> None:
    port = await fence.upstream("many.test", once(OK))
    await fence.use(rules(entry("many.test", ports=[port])))
    async with fence.client(http2=True) as client:
        answers = await asyncio.gather(*(client.get(f"https://many.test:{port}/{n}") for n in range(20)))
    assert {answer.status_code for answer in answers} == {200}
