"""Which requests are looked at at all."""

from dataclasses import replace

import pytest

from proxy.acceptance import Head, accept, end_to_end, is_complete_head
from proxy.block import Reason, Refused

HEAD = Head(
    tls=True,
    sni="api.test",
    port=443,
    http2=False,
    method=b"GET",
    target=b"/a",
    authority=b"",
    fields=((b"Host", b"api.test"),),
)


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        replace(HEAD, fields=((b"host", b"API.test."),)),
        replace(HEAD, fields=((b"Host", b"api.test:443"),)),
        replace(HEAD, sni="API.TEST"),
        replace(HEAD, authority=b"api.test"),
        replace(HEAD, http2=True, authority=b"api.test", fields=()),
        replace(HEAD, http2=True, authority=b"api.test"),
        replace(HEAD, sni="xn--bcher-kva.test", fields=((b"Host", "bücher.test".encode()),)),
        replace(HEAD, tls=False, sni=None, port=80),
        replace(HEAD, port=8443, fields=((b"Host", b"api.test:8443"),)),
    ],
)
def test_one_host(head: Head) -> None:
    assert accept(head).host in ("api.test", "xn--bcher-kva.test")


@pytest.mark.parametrize(
    "head",
    [
        replace(HEAD, fields=()),
        replace(HEAD, fields=((b"Host", b"api.test"), (b"host", b"api.test"))),
        replace(HEAD, fields=((b"Host", b"evil.test"),)),
        replace(HEAD, fields=((b"Host", b"api.test:8443"),)),
        replace(HEAD, fields=((b"Host", b"api.test@evil.test"),)),
        replace(HEAD, fields=((b"Host", b""),)),
        replace(HEAD, fields=((b"Host", b"api.test, evil.test"),)),
        replace(HEAD, fields=((b"Host", b"\xff"),)),
        replace(HEAD, sni="evil.test"),
        replace(HEAD, sni=None),
        replace(HEAD, authority=b"evil.test"),
        replace(HEAD, authority=b"user@api.test"),
        replace(HEAD, http2=True, authority=b"evil.test"),
        replace(HEAD, http2=True, authority=b"", fields=()),
        replace(HEAD, sni="10.0.0.1", fields=((b"Host", b"0x0a000001"),)),
    ],
)
def test_host_mismatch(head: Head) -> None:
    with pytest.raises(Refused) as refused:
        accept(head)
    assert refused.value.reason is Reason.HOST_MISMATCH


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (replace(HEAD, method=b"CONNECT"), Reason.CONNECT_REFUSED),
        (replace(HEAD, method=b"TRACE"), Reason.TRACE_REFUSED),
        (replace(HEAD, method=b"GET / HTTP/1.1\r\nX:"), Reason.MALFORMED_REQUEST),
        (replace(HEAD, method=b""), Reason.MALFORMED_REQUEST),
        (replace(HEAD, fields=(*HEAD.fields, (b"a b", b"c"))), Reason.MALFORMED_REQUEST),
        (replace(HEAD, fields=(*HEAD.fields, (b"Host ", b"c"))), Reason.MALFORMED_REQUEST),
        (replace(HEAD, fields=(*HEAD.fields, (b"a", b"b\r\nc: d"))), Reason.MALFORMED_REQUEST),
        (replace(HEAD, fields=(*HEAD.fields, (b"a", b"b\0"))), Reason.MALFORMED_REQUEST),
        (replace(HEAD, fields=(*HEAD.fields, (b"Connection", b"Content-Length"))), Reason.MALFORMED_REQUEST),
        (
            replace(HEAD, fields=(*HEAD.fields, (b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked"))),
            Reason.MALFORMED_REQUEST,
        ),
        (replace(HEAD, fields=(*HEAD.fields, (b"Content-Length", b"99999999999"))), Reason.BODY_TOO_LARGE),
        (replace(HEAD, fields=(*HEAD.fields, (b"Content-Length", b"9" * 5_000))), Reason.BODY_TOO_LARGE),
        (replace(HEAD, target=b"/" + b"a" * 17_000), Reason.TARGET_TOO_LONG),
        (replace(HEAD, fields=(*HEAD.fields, (b"a", b"b" * 70_000))), Reason.HEADERS_TOO_LARGE),
        (replace(HEAD, fields=(*HEAD.fields, *[(b"a", b"b")] * 200)), Reason.HEADERS_TOO_LARGE),
        (replace(HEAD, target=b"/a/../b"), Reason.REQUEST_TARGET_REFUSED),
    ],
)
def test_refusals(head: Head, reason: Reason) -> None:
    with pytest.raises(Refused) as refused:
        accept(head)
    assert refused.value.reason is reason


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (((b"Connection", b"keep-alive, X-Hop"), (b"X-Hop", b"1"), (b"Keep-Alive", b"5")), ()),
        (((b"Proxy-Authorization", b"x"), (b"Proxy-Anything", b"x"), (b"A", b"b")), ((b"A", b"b"),)),
        (((b"Upgrade", b"h2c"), (b"Connection", b"Upgrade, HTTP2-Settings"), (b"HTTP2-Settings", b"x")), ()),
        (
            ((b"Upgrade", b"websocket"), (b"Connection", b"keep-alive, Upgrade")),
            ((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")),
        ),
        (((b"Upgrade", b"websocket, h2c"), (b"Connection", b"Upgrade")), ()),
        (((b"Connection", b"close"),), ((b"Connection", b"close"),)),
        (((b"TE", b"gzip, trailers"),), ((b"TE", b"trailers"),)),
        (((b"Transfer-Encoding", b"chunked"),), ((b"Transfer-Encoding", b"chunked"),)),
    ],
)
def test_hop_by_hop_fields(fields: tuple[tuple[bytes, bytes], ...], kept: tuple[tuple[bytes, bytes], ...]) -> None:
    assert end_to_end(fields) == kept


@pytest.mark.parametrize("data", [b"", b"GE", b"GET / HTTP/1.1\r", b"GET / HTTP/1.1\r\nHost: a\r\n"])
def test_a_head_may_come_in_pieces(data: bytes) -> None:
    assert is_complete_head(data) is False


def test_a_body_is_not_the_head() -> None:
    assert is_complete_head(b"POST / HTTP/1.1\r\nHost: a\r\n\r\nline\nline\0 folded\r\n x") is True


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\nHost: a\n\n",
        b"GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\n A: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / x HTTP/1.1\r\n\r\n",
        b"GET /\x0b HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a:443 HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 20_000,
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 12_000,
    ],
)
def test_heads_that_parsers_read_differently(data: bytes) -> None:
    with pytest.raises(Refused):
        is_complete_head(data)
