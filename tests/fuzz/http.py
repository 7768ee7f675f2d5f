"""Requests: targets, heads in both versions, and coded bodies."""

import re
import urllib.parse
import zlib

import h11
from mitmproxy.net.http import http1

from proxy import acceptance, hosts
from proxy.acceptance import Head
from proxy.block import Refused
from proxy.bodies import TooLarge, Undecodable, decoded
from proxy.normalise import TargetRefused, read_target

TARGETS = (b"/a/b%2Fc;v=1?x=1", b"/@scope%2fname", b"/%E2%82%AC/x", b"/v1//jobs/7/")
TARGET_WORDS = (
    b"..",
    b".",
    b"%2e",
    b"%2E",
    b"%252e",
    b"%2F",
    b"%5c",
    b"/",
    b";",
    b"?",
    b"#",
    b"%00",
    b"%EF%BC%8E",
    b"%C0%AE",
)
HEADS = (
    b"GET /a HTTP/1.1\r\nHost: a.test\r\nAccept: */*\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"GET http://a.test/a HTTP/1.1\r\nHost: a.test\r\nConnection: close, x-a\r\nX-A: 1\r\n\r\n",
)
HEAD_WORDS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b"\0", b"Host: b.test", b"Content-Length: 0", b"Content-Length: 5, 5",
    b"Content-Length: +5", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"xchunked", b"\x0b", b"\x85",
    b"HTTP/1.0", b"CONNECT ", b"Connection: Host", b"Expect: 100-continue", b"9" * 5000,
)  # fmt: skip
FIELDS = (
    b"GET\n/a\na.test\naccept: */*\ncookie: a=b",
    b"POST\n/a\na.test\ncontent-length: 5\nte: trailers",
    b"POST\n/a\na.test\ncontent-length: " + b"5" * 5000,
)
CODED = (
    b"gzip\n" + zlib.compress(b"hello" * 50, wbits=16 + zlib.MAX_WBITS),
    b"deflate\n" + zlib.compress(b"hello" * 50),
    b"br\n\x0b\x02\x80hello\x03",
    b"zstd\n(\xb5/\xfd\x04X)\x00\x00hello\xd5\xc9\xe5\xcf",
    b"gzip, deflate\nx",
)
LIMIT = 4096
_FIELD = re.compile(rb"([^:]*): ?(.*)", re.DOTALL)


def target(data: bytes) -> None:
    """It is refused, or no number of decodings leads out of where it points, whatever is taken for a separator."""
    try:
        read = read_target(data, "GET")
    except TargetRefused:
        return
    assert read.readings[0] == read.path
    text = data.partition(b"?")[0].decode("ascii")
    for _ in range(3):
        segments = re.split(r"[/\\]", text)
        assert not {".", ".."} & {segment.partition(";")[0].strip() for segment in segments}, text
        text = urllib.parse.unquote(text)


def head(data: bytes) -> None:
    """It is incomplete or refused, or what goes on from here is one request to a strict reader, and the same one."""
    try:
        if not acceptance.is_complete_head(data):
            return
        lines = data.partition(b"\r\n\r\n")[0].split(b"\r\n")
        request = http1.read_request_head(lines)
        size = http1.expected_http_body_size(request)
    except (Refused, ValueError):
        return
    given = request.data
    fields = tuple(request.headers.fields)
    try:
        asked = acceptance.accept(Head(False, None, 80, False, given.method, given.path, given.authority, fields))
    except Refused:
        return
    request.headers = type(request.headers)(acceptance.end_to_end(fields))
    given.authority = b""
    out = http1.assemble_request_head(request)  # type: ignore[no-untyped-call]
    reader = h11.Connection(h11.SERVER)
    reader.receive_data(out)
    try:
        event = reader.next_event()
    except h11.RemoteProtocolError:
        return  # a stricter reader than we are does not take it for something else
    assert isinstance(event, h11.Request), event
    assert event.method == given.method
    assert event.target == given.path
    (host,) = [value for name, value in event.headers if name == b"host"]
    assert hosts.split_authority(host.decode(), 80) == (asked.host, 80)
    lengths = [int(value) for name, value in event.headers if name == b"content-length"]
    chunked = any(name == b"transfer-encoding" for name, _ in event.headers)
    assert size == (None if chunked else sum(lengths)), (size, out)


def fields(data: bytes) -> None:
    """Fields of an HTTP/2 request, one a line after method, target and authority: refused, or for the one host."""
    method, path, authority, *lines = [*data.split(b"\n"), b"", b"", b""][: max(3, data.count(b"\n") + 1)]
    given = tuple((m[1], m[2]) for m in map(_FIELD.fullmatch, lines) if m)
    try:
        asked = acceptance.accept(Head(True, "a.test", 443, True, method, path, authority, given))
    except Refused:
        return
    assert (asked.host, asked.port, asked.scheme) == ("a.test", 443, "https")
    kept = {name.lower() for name, _ in acceptance.end_to_end(given)}
    assert not kept & {b"proxy-authorization", b"keep-alive", b"http2-settings"}


def coding(data: bytes) -> None:
    """A body with its Content-Encoding before it: refused, or no longer than its limit."""
    named, _, body = data.partition(b"\n")
    try:
        assert len(decoded(body, ((b"Content-Encoding", named),), LIMIT)) <= LIMIT
    except (Undecodable, TooLarge):
        return
