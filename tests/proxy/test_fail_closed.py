"""Whatever breaks, nothing passes."""

import asyncio
import contextlib
import json
import signal

import httpx
import pytest

from tests.proxy.documents import PROXY, credential, entry, rules
from tests.proxy.fence import Connection, Fence
from tests.proxy.upstreams import Echo

PATIENCE = 6.0
"""Seconds for a readiness that may never come: where it does come on a slow machine, the request shows the same."""

LONG = 120.0
"""Seconds for a readiness that has to come: on a machine with six test runs, a proxy's start has taken over twenty."""

BEFORE_THE_DECISION_IS_OVER = [
    "proxy.clients:Clients.client_connected",
    "proxy.clients:Clients.open",
    "proxy.clients:Clients.server_connect",
    "proxy.addon:Fence.requestheaders",
    "proxy.addon:Fence.is_cleared",
    "proxy.addon:Fence._clear",
    "proxy.acceptance:accept",
    "proxy.overrides:also_asked",
    "proxy.inspection:plan",
    "proxy.acceptance:end_to_end",
    "proxy.matching:decide",
    "proxy.aws.screening:screen",
    "proxy.foreign:screen",
    "proxy.upstream:check_addresses",
    "proxy.swap:swap",
    "proxy.mints:check_login",
    "proxy.mints:expected",
    "proxy.resolver:Resolver.resolve",
    "proxy.layers:FencedStream.state_wait_for_request_headers",
    "proxy.layers:FencedStream.make_server_connection",
]


@pytest.mark.parametrize("part", BEFORE_THE_DECISION_IS_OVER)
async def test_a_part_that_raises_lets_nothing_pass(own_fence: Fence, part: str) -> None:
    echo = Echo()
    port = await own_fence.upstream("api.test", echo)
    probed = part.startswith(("proxy.clients:Clients.c", "proxy.addon:Fence.r", "proxy.layers:FencedStream.s"))
    document = rules(entry("api.test", ports=[port]))
    try:
        await own_fence.start(document, sabotage=part, patience=PATIENCE if probed else LONG)
    except (AssertionError, TimeoutError):
        assert probed  # the readiness probe already met what is broken, and no agent is started
    async with own_fence.client() as client:
        try:
            answer = await client.post(f"https://api.test:{port}/", content=b"secret")
        except httpx.HTTPError:
            pass
        else:
            assert answer.status_code in (403, 502)
    assert echo.heads == []


@pytest.mark.parametrize(
    "part",
    ["proxy.addon:Fence.request", "proxy.addon:Fence.awaits_body", "proxy.held:HeldBodies.add",
     "proxy.whole:complete", "proxy.inspection:inspect", "proxy.model_api:hold", "proxy.bodies:parsed",
     "proxy.layers:FencedStream.state_consume_request_body"],
)  # fmt: skip
async def test_a_body_that_cannot_be_judged_stays(own_fence: Fence, part: str) -> None:
    echo = Echo()
    port = await own_fence.upstream("api.anthropic.com", echo)
    probed = part.endswith(("awaits_body", "state_consume_request_body"))
    document = rules(entry("api.anthropic.com", ports=[port]))
    try:
        await own_fence.start(document, sabotage=part, patience=PATIENCE if probed else LONG)
    except (AssertionError, TimeoutError):
        assert probed  # the readiness probe already met what is broken
    async with own_fence.client() as client:
        try:
            answer = await client.post(f"https://api.anthropic.com:{port}/v1/messages", content=b'{"secret":1}')
        except httpx.HTTPError:
            pass
        else:
            assert answer.status_code == 403
    assert echo.heads == []


async def test_a_response_that_was_not_inspected_does_not_come_back(own_fence: Fence) -> None:
    echo = Echo()
    port = await own_fence.upstream("api.test", echo)
    await own_fence.start(rules(entry("api.test", ports=[port])), sabotage="proxy.addon:Fence.responseheaders")
    async with own_fence.client() as client:
        answer = await client.get(f"https://api.test:{port}/")
    assert (answer.status_code, answer.json()["reason"]) == (403, "internal_error")


@pytest.mark.parametrize("part", ["proxy.known_values:conceal", "proxy.minted:Minted.token", "proxy.pointers:changed"])
async def test_a_credential_that_cannot_be_hidden_does_not_come_back(own_fence: Fence, part: str) -> None:
    body = b'{"token": "that-was-handed-out"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    port = await own_fence.upstream("registry.test", Echo(answer=head + body))
    token = credential("TOKEN", hosts=["registry.test"], ports=[port])
    await own_fence.start(rules(entry("registry.test", ports=[port]), credentials=[token]), sabotage=part)
    request = f"GET /token HTTP/1.1\r\nHost: registry.test:{port}\r\nConnection: close\r\n\r\n".encode()
    assert b"handed-out" not in await own_fence.exchange("registry.test", port, request)


async def test_a_log_that_cannot_be_written_blocks(own_fence: Fence) -> None:
    echo = Echo()
    port = await own_fence.upstream("api.test", echo)
    with pytest.raises(AssertionError, match="the proxy ended"):
        await own_fence.start(rules(entry("api.test", ports=[port])), sabotage="proxy.access_log:AccessLog._append")
    assert echo.heads == []


@pytest.mark.parametrize("text", ["", "{", json.dumps(rules(version=2)), json.dumps(rules())[:-9]])
async def test_without_rules_it_does_not_start(own_fence: Fence, text: str) -> None:
    own_fence.write_rules(text)
    await own_fence.launch("proxy")
    assert own_fence.process is not None
    assert await asyncio.wait_for(own_fence.process.wait(), 60) == 1
    assert "the proxy does not start" in own_fence.stderr()
    assert not (own_fence.folder / "log" / "ready").exists()


async def test_ready_says_what_answers(own_fence: Fence) -> None:
    document = rules(entry("api.test", ports=[9_443]))
    await own_fence.start(document)
    ready = json.loads((own_fence.folder / "log" / "ready").read_text())
    assert ready == {
        "time": ready["time"],
        "dns": own_fence.dns,
        "tcp": [own_fence.http, own_fence.https, 9_443],
        "digest": document["digest"],
    }
    kinds = [json.loads(line)["kind"] for line in own_fence.log_file.read_text().splitlines()]
    assert kinds == ["start"]  # the probes are not traffic


async def test_sigterm_ends_it_in_the_middle_of_a_request(own_fence: Fence) -> None:
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    port = await own_fence.upstream("slow.test", hang)
    await own_fence.start(rules(entry("slow.test", ports=[port])))
    _, writer = await own_fence.connect("slow.test", port)
    writer.write(f"GET / HTTP/1.1\r\nHost: slow.test:{port}\r\n\r\n".encode())
    await asyncio.wait_for(asked.wait(), 60)
    assert own_fence.process is not None
    own_fence.process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(own_fence.process.wait(), 60) == 0
    writer.close()
    assert own_fence.log()[-1]["error"] in ("proxy stopped", "client disconnected")
    assert own_fence.log("stop")


async def test_killed_it_leaves_nothing_listening(own_fence: Fence) -> None:
    await own_fence.start(rules())
    assert own_fence.process is not None
    own_fence.process.kill()
    await own_fence.process.wait()
    for port in (own_fence.https, own_fence.http, own_fence.dns):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(PROXY, port)


async def test_a_port_in_use_ends_it(own_fence: Fence) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, PROXY, own_fence.dns)
    with pytest.raises(AssertionError, match="the proxy ended"):
        await own_fence.start(rules())
    taken.close()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a.test\r\n"])
async def test_a_slow_head_is_cut_off(own_fence: Fence, tls: bool, sent: bytes) -> None:
    await own_fence.start(rules(), sabotage="proxy.clients:HEAD_TIMEOUT=0.3")
    reader, writer = await connected(own_fence, "a.test" if tls else None)
    writer.write(sent)
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()


async def connected(fence: Fence, host: str | None) -> Connection:
    """Of a busy machine's proxy, which may cut off the handshake as well."""
    while True:
        with contextlib.suppress(OSError):
            return await fence.connect(host, 443)


async def test_a_second_head_has_its_own_time(own_fence: Fence) -> None:
    await own_fence.start(rules(), sabotage="proxy.clients:HEAD_TIMEOUT=2.0")
    for is_last in (False, False, True):
        try:
            await heads_and_a_slow_one(own_fence)
            return
        except (asyncio.IncompleteReadError, ConnectionError):  # on a busy machine the first ones are slow as well
            if is_last:
                raise


async def heads_and_a_slow_one(fence: Fence) -> None:
    reader, writer = await fence.connect(None, 80)
    with contextlib.closing(writer):
        for idle in (1.2, 1.2, 2.2):  # idle between requests is not a slow head
            await asyncio.sleep(idle)
            writer.write(b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 403")
            await reader.readuntil(b"}\n")
        writer.write(b"GET / HT")
        assert await asyncio.wait_for(reader.read(), 60) == b""


async def test_an_upstream_that_does_not_shake_hands(own_fence: Fence) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    port = await own_fence.upstream("silent.test", silent, tls=False)
    await own_fence.start(rules(entry("silent.test", ports=[port])), sabotage="proxy.clients:CONNECT_TIMEOUT=0.3")
    async with own_fence.client() as client:
        answer = await client.get(f"https://silent.test:{port}/")
    assert (answer.status_code, answer.json()["reason"]) == (502, "upstream_unreachable")
