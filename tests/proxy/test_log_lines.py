"""The lines of the access log, field by field (network.md §9)."""

import asyncio
import base64
import os
import signal
from typing import Any

from tests.proxy.documents import credential, entry, rules
from tests.proxy.fence import UPSTREAM, Fence
from tests.proxy.upstreams import Echo

IDENTITY = {"thread": "thread-1", "task": "thread-1/task-1", "attempt": 1}
VARYING = ("time", "request_id", "ms")


def steady(line: dict[str, Any]) -> dict[str, Any]:
    """A line without what is another each time; that it is there is checked here."""
    assert all(name in line for name in VARYING)
    return {name: value for name, value in line.items() if name not in VARYING}


async def test_a_request_in_full(fence: Fence) -> None:
    token, other = credential("TOKEN", hosts=["full.test"]), credential("OTHER", hosts=["other.test"])
    answer = b"HTTP/1.1 201 Created\r\nContent-Length: 19\r\n\r\nreal-value-of-TOKEN"
    port = await fence.upstream("full.test", Echo(answer=answer))
    token |= {"ports": [port], "query": ["key"]}
    guarded = {"queries": ["viewer"], "mutations": [], "subscriptions": []}
    allowed = entry("full.test", path="/a*", ports=[port], graphql=guarded, comment="why")
    await fence.use(rules(entry("x.test"), allowed, credentials=[token, other]))
    async with fence.client() as client:
        await client.post(
            f"https://full.test:{port}/a%20b",
            content=b'{"query":"{viewer{login}}"}',
            headers={
                "Content-Type": "application/json",
                "Authorization": "Bearer surrogate-of-TOKEN",
                "X-Noted": "surrogate-of-OTHER",
            },
        )
    (line,) = await fence.logged(1)
    assert steady(line) == {
        "kind": "http",
        **IDENTITY,
        "decision": "allowed",
        "rule": ".airut/network-allowlist.yaml:1",
        "comment": "why",
        "method": "POST",
        "scheme": "https",
        "host": "full.test",
        "port": port,
        "path": "/a%20b",
        "status": 201,
        "bytes_out": 27,
        "bytes_in": 19,
        "protocol": "HTTP/1.1",
        "upstream_ip": UPSTREAM,
        "credentials": ["TOKEN"],
        "surrogate_in": ["header:x-noted"],
        "scrubbed": 1,
        "graphql": "query viewer",
    }


async def test_a_blocked_request_in_full(fence: Fence) -> None:
    given = [credential("TOKEN", hosts=["held.test"], foreign="block")]
    await fence.use(rules(entry("held.test", origin="preset", rule="preset:x"), credentials=given))
    async with fence.client() as client:
        await client.get("https://held.test/a?b=1&c=2&b=3", headers={"Authorization": "Basic eA=="})
    (line,) = await fence.logged(1)
    assert steady(line) == {
        "kind": "http",
        **IDENTITY,
        "decision": "blocked",
        "reason": "foreign_credential_blocked",
        "rule": "preset:x",
        "method": "GET",
        "scheme": "https",
        "host": "held.test",
        "port": 443,
        "path": "/a",
        "query_names": ["b", "c"],
        "status": 403,
        "bytes_out": 0,
        "bytes_in": 0,
        "protocol": "HTTP/1.1",
    }


async def test_the_other_kinds(own_fence: Fence) -> None:
    """Start with what presets stand for, DNS, TLS, a WebSocket, and the stop."""
    fence = own_fence

    async def socket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
        writer.write(b"Sec-WebSocket-Accept: " + ACCEPT + b"\r\n\r\n\x81\x02hi\x88\x02\x03\xe8")
        await writer.drain()
        await reader.read(100)
        writer.close()

    port = await fence.upstream("ws.test", socket)
    pypi = entry("pypi.org", path="/simple/*", methods=["GET", "HEAD"], origin="preset", rule="preset:pypi")
    document = rules(entry("ws.test", ports=[port]), pypi, entry("go.dev", origin="preset", rule="preset:go"))
    await fence.use(document)
    (start,) = await fence.logged(1, "start")
    assert {**start, "time": ""} == {
        "time": "",
        "kind": "start",
        **IDENTITY,
        "digest": document["digest"],
        "presets": ["preset:pypi pypi.org/simple/* GET,HEAD", "preset:go go.dev"],
    }
    upgrade = (
        f"GET / HTTP/1.1\r\nHost: ws.test:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY.decode()}\r\n\r\n"
    )
    assert b"hi" in await fence.exchange("ws.test", port, upgrade.encode(), answers=2)  # until it closes
    (opened,) = await fence.logged(1)
    (ended,) = await fence.logged(1, "ws")
    assert (opened["status"], ended["status"], ended["bytes_in"]) == (101, 101, 2)
    assert await fence.exchange(None, 443, b"\x00\x01\x02\x03") == b""
    (closed,) = await fence.logged(1, "tls")
    assert (closed["decision"], closed["reason"], closed["port"]) == ("blocked", "not_http", 443)
    assert fence.process is not None
    os.kill(fence.process.pid, signal.SIGTERM)
    await fence.process.wait()
    assert fence.log("stop")[0]["kind"] == "stop"


KEY = base64.b64encode(b"0123456789abcdef")
ACCEPT = b"BACScCJPNqyz+UBoqMH89VmURoA="
