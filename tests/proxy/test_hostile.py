"""What an agent sends that wants out: at the bytes of HTTP/1, HTTP/2, TLS and at other protocols."""

import asyncio
import ssl

import h2.config
import h2.connection
import h2.events
import pytest

from tests.proxy.documents import PROXY, entry, rules
from tests.proxy.fence import Fence
from tests.proxy.upstreams import Echo


@pytest.fixture
async def api(fence: Fence) -> tuple[Echo, int]:
    """An upstream that everything is allowed at: whatever does not reach it was malformed."""
    echo = Echo()
    port = await fence.upstream("api.test", echo)
    await fence.use(rules(entry("api.test", ports=[port])))
    return echo, port


HEADS = {
    "host-repeated": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nHost: api.test:{port}\r\n\r\n", 421),
    "host-missing": ("GET / HTTP/1.1\r\n\r\n", 421),
    "host-differs": ("GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", 421),
    "host-without-port": ("GET / HTTP/1.1\r\nHost: api.test\r\n\r\n", 421),
    "absolute-form-differs": ("GET https://evil.test/ HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 421),
    "absolute-form-userinfo": ("GET https://u:p@api.test:{port}/ HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 400),
    "connect": ("CONNECT api.test:{port} HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 403),
    "connect-no-port": ("CONNECT api.test HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 403),
    "trace": ("TRACE / HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 405),
    "both-framings": (
        "POST / HTTP/1.1\r\nHost: api.test:{port}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two-lengths": (
        "POST / HTTP/1.1\r\nHost: api.test:{port}\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        400,
    ),
    "length-list": ("POST / HTTP/1.1\r\nHost: api.test:{port}\r\nContent-Length: 5, 5\r\n\r\nhello", 400),
    "length-plus": ("POST / HTTP/1.1\r\nHost: api.test:{port}\r\nContent-Length: +5\r\n\r\nhello", 400),
    "te-unknown": ("POST / HTTP/1.1\r\nHost: api.test:{port}\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "te-twice": (
        "POST / HTTP/1.1\r\nHost: api.test:{port}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        400,
    ),
    "te-http10": ("POST / HTTP/1.0\r\nHost: api.test:{port}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "folded": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nA: b\r\n c\r\n\r\n", 400),
    "bare-lf": ("GET / HTTP/1.1\nHost: api.test:{port}\n\n", 400),
    "bare-cr": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nA: b\rX: y\r\n\r\n", 400),
    "nul": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nA: \0\r\n\r\n", 400),
    "blank-before-colon": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
    "no-colon": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nnonsense\r\n\r\n", 400),
    "http09": ("GET /\r\n\r\n", 400),
    "http3": ("GET / HTTP/3.0\r\nHost: api.test:{port}\r\n\r\n", 400),
    "h2-preface": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "long-target": ("GET /" + "a" * 17_000 + " HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 414),
    "endless-target": ("GET /" + "a" * 200_000, 414),
    "many-fields": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\n" + "A: b\r\n" * 201 + "\r\n", 431),
    "endless-fields": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\n" + "A: b\r\n" * 20_000, 431),
    "dot-segment": ("GET /a/../b HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 400),
    "backslash": ("GET /a\\b HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 400),
    "fragment": ("GET /a#b HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 400),
    "asterisk": ("OPTIONS * HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n", 403),
    "connection-names-host": ("GET / HTTP/1.1\r\nHost: api.test:{port}\r\nConnection: host\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", HEADS)
async def test_http1_heads(fence: Fence, api: tuple[Echo, int], name: str) -> None:
    echo, port = api
    text, status = HEADS[name]
    received = await fence.exchange("api.test", port, text.replace("{port}", str(port)).encode())
    assert received.startswith(f"HTTP/1.1 {status} ".encode()), received[:200]
    assert b'"request_id"' in received
    assert (await fence.logged(1))[0]["decision"] == "blocked"
    assert echo.heads == []


async def test_the_second_request_on_a_connection_is_judged_too(fence: Fence, api: tuple[Echo, int]) -> None:
    echo, port = api
    good = f"GET /a HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n".encode()
    received = await fence.exchange("api.test", port, good + good.replace(b"api.test", b"evil.test"), answers=2)
    assert received.count(b"HTTP/1.1 200 OK") == 1
    assert b"host_mismatch" in received
    assert len(echo.heads) == 1


async def test_a_smuggled_body_stays_a_body(fence: Fence, api: tuple[Echo, int]) -> None:
    echo, port = api
    hidden = f"GET /hidden HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n"
    head = f"POST / HTTP/1.1\r\nHost: api.test:{port}\r\nContent-Length: {len(hidden)}\r\n\r\n"
    await fence.exchange("api.test", port, (head + hidden).encode())
    assert echo.bodies == [hidden.encode()]


async def test_trailers_of_a_request_are_dropped_and_the_next_one_is_read(fence: Fence, api: tuple[Echo, int]) -> None:
    echo, port = api
    head = f"Host: api.test:{port}\r\n"
    chunked = f"POST /a HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: y\r\n\r\n"
    answer = await fence.exchange("api.test", port, f"{chunked}GET /b HTTP/1.1\r\n{head}\r\n".encode(), answers=2)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert [line.split("\r\n")[0] for line in echo.heads] == ["POST /a HTTP/1.1", "GET /b HTTP/1.1"]
    assert echo.bodies == [b"hello", b""]


async def test_an_http2_body_without_length_is_framed_for_http1(fence: Fence, api: tuple[Echo, int]) -> None:
    echo, port = api
    hidden = f"GET /hidden HTTP/1.1\r\nHost: api.test:{port}\r\n\r\n".encode()
    headers = [(":method", "POST"), (":scheme", "https"), (":path", "/"), (":authority", f"api.test:{port}")]
    assert await h2_status(fence, port, headers, hidden) == 200
    assert len(echo.heads) == 1
    assert "transfer-encoding: chunked" in echo.heads[0].lower()
    assert echo.bodies == [hidden]


H2 = {
    "authority-differs": ([(":authority", "evil.test")], 421),
    "authority-missing": ([], None),
    "host-differs": ([(":authority", "api.test:{port}"), ("host", "evil.test")], None),
    "host-repeated": ([(":authority", "api.test:{port}"), ("host", "api.test:{port}"), ("host", "api.test:{port}")], 421),
    "userinfo": ([(":authority", "u@api.test:{port}")], None),
    "path-with-blank": ([(":authority", "api.test:{port}"), (":path", "/ HTTP/1.1\r\nA: b")], None),
    "path-dots": ([(":authority", "api.test:{port}"), (":path", "/a/..")], 400),
    "path-absolute": ([(":authority", "api.test:{port}"), (":path", "https://evil.test/")], 400),
    "path-empty": ([(":authority", "api.test:{port}"), (":path", "")], None),
    "method-smuggles": ([(":authority", "api.test:{port}"), (":method", "GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n")], None),
    "method-blank": ([(":authority", "api.test:{port}"), (":method", "GET /x")], 400),
    "connect": ([(":authority", "api.test:{port}"), (":method", "CONNECT")], 403),
    "value-with-newline": ([(":authority", "api.test:{port}"), ("a", "b\r\nc: d")], None),
    "transfer-encoding": ([(":authority", "api.test:{port}"), ("transfer-encoding", "chunked")], None),
    "upper-case-name": ([(":authority", "api.test:{port}"), ("Host", "evil.test")], None),
}  # fmt: skip


@pytest.mark.parametrize("name", H2)
async def test_http2_heads(fence: Fence, api: tuple[Echo, int], name: str) -> None:
    echo, port = api
    given, status = H2[name]
    fields = {":method": "GET", ":scheme": "https", ":path": "/"}
    pseudo = fields | {key: value for key, value in given if key.startswith(":")}
    headers = [*pseudo.items(), *((key, value) for key, value in given if not key.startswith(":"))]
    headers = [(key, value.replace("{port}", str(port))) for key, value in headers]
    got = await h2_status(fence, port, headers, b"")
    assert got == status or (status is None and got in (None, 400)), got
    assert echo.heads == []


async def h2_status(fence: Fence, port: int, headers: list[tuple[str, str]], body: bytes) -> int | None:
    """The status of one request with exactly these headers; None when the connection or stream was ended instead."""
    reader, writer = await fence.connect("api.test", port, alpn="h2")
    config = h2.config.H2Configuration(
        validate_outbound_headers=False, normalize_outbound_headers=False, header_encoding="utf-8"
    )
    client = h2.connection.H2Connection(config)
    client.initiate_connection()
    client.send_headers(1, headers, end_stream=not body)
    if body:
        client.send_data(1, body, end_stream=True)
    writer.write(client.data_to_send())
    try:
        while data := await asyncio.wait_for(reader.read(65_536), 60):
            for event in client.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    return int(dict(event.headers)[":status"])  # type: ignore[index]  # header_encoding makes them text
                if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                    return None
        return None
    except ConnectionError:
        return None
    finally:
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\x00\x00\x2a\x00\x01",
        b"\x16\x03\x01\x00\x06\x01\x00\x00\x02xx",
        b"EHLO mail\r\n",
        b"12345",
    ],
)
async def test_other_protocols_are_closed(fence: Fence, data: bytes) -> None:
    await fence.use(rules())
    received = await fence.exchange(None, 443, data)
    assert not received or b"HTTP/1.1 400" in received or received.startswith(b"\x15\x03")
    assert fence.names.asked == []


async def test_not_http_is_logged(fence: Fence) -> None:
    await fence.use(rules())
    assert await fence.exchange(None, 443, b"\x00\x01\x02\x03") == b""
    assert (await fence.logged(1, "tls"))[0]["reason"] == "not_http"


@pytest.mark.parametrize("name", [None, "10.0.0.1"])
async def test_tls_without_a_name(fence: Fence, name: str | None) -> None:
    await fence.use(rules())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(PROXY, fence.https, ssl=context, server_hostname=name or "")
    assert (await fence.logged(1, "tls"))[0]["reason"] == "tls_no_sni"


async def test_an_ip_literal_needs_its_very_entry(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("unused.test", echo, tls=False)
    request = f"GET / HTTP/1.1\r\nHost: 127.88.0.1:{port}\r\n\r\n".encode()
    await fence.use(rules(entry("*", ports=[port], schemes=["http"])))
    assert b"host_not_allowed" in await fence.exchange(None, port, request)
    await fence.use(rules(entry("127.88.0.1", ports=[port], schemes=["http"])))
    assert b"HTTP/1.1 200" in await fence.exchange(None, port, request)
    for other in (b"0x7f580001", b"2136473601", b"127.88.1", b"[::ffff:127.88.0.1]"):
        assert b"HTTP/1.1 4" in await fence.exchange(None, port, request.replace(b"127.88.0.1", other))
    assert len(echo.heads) == 1


async def test_h2c_is_not_spoken(fence: Fence) -> None:
    echo = Echo()
    port = await fence.upstream("deb.test", echo, tls=False)
    await fence.use(rules(entry("deb.test", ports=[port], schemes=["http"])))
    request = (
        f"GET / HTTP/1.1\r\nHost: deb.test:{port}\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    )
    assert b"HTTP/1.1 200" in await fence.exchange(None, port, request.encode())
    assert "upgrade" not in echo.heads[0].lower()
    assert "http2-settings" not in echo.heads[0].lower()
