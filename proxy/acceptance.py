"""Which requests are looked at at all: well-formed, of bounded size, and for one host (network.md §3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from proxy import hosts
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.normalise import TargetRefused, read_target
from proxy.rules import DEFAULT_PORTS

MAX_TARGET = 16 * 1024
MAX_HEADERS = 64 * 1024
MAX_FIELDS = 200
MAX_BODY = 2 * 1024**3
MAX_LENGTH_DIGITS = 19  # of a Content-Length: 63 bits, which is more than the limit; Python refuses to read thousands
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")  # RFC 9110 §5.6.2
_FIELD_VALUE = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*\Z")  # RFC 9110 §5.5: no control but the tab
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # some of which parsers take for blanks
_BARE_LINE_END = re.compile(rb"\r(?=[^\n])|(?<!\r)\n")
_REQUEST_LINE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\xff]+ HTTP/1\.[01]\Z")
MAX_REQUEST_LINE_REST = 64  # a method, two spaces and the version
_FRAMING = frozenset([b"host", b"content-length", b"transfer-encoding"])
_HOP_BY_HOP = frozenset([b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"http2-settings"])

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Head:
    """A request head as it came in: raw bytes, and what the connection knows."""

    tls: bool
    sni: str | None
    port: int
    http2: bool
    method: bytes
    target: bytes
    authority: bytes
    fields: Fields


def is_complete_head(data: bytes) -> bool:
    """Whether an HTTP/1 head is there as a whole; strict where parsers differ (RFC 9112 §2.2, §3, §5.2).

    Raises:
        Refused: it is too long, holds a bare CR or LF or a NUL, folds a line, or its request line is not one.
    """
    head, end, _ = data.partition(b"\r\n\r\n")
    if _BARE_LINE_END.search(head):
        raise Refused(Reason.MALFORMED_REQUEST, "bare CR or LF")
    line, line_end, fields = head.partition(b"\r\n")
    if len(line) > MAX_TARGET + MAX_REQUEST_LINE_REST:
        raise Refused(Reason.TARGET_TOO_LONG)
    if len(fields) > MAX_HEADERS:
        raise Refused(Reason.HEADERS_TOO_LARGE)
    if (end or line_end) and not _REQUEST_LINE.match(line):
        raise Refused(Reason.MALFORMED_REQUEST, "not a request line")
    if end and line.startswith(b"CONNECT "):
        raise Refused(Reason.CONNECT_REFUSED)
    if _CONTROL.search(head) or re.search(rb"^[ \t]", fields, re.MULTILINE):
        raise Refused(Reason.MALFORMED_REQUEST, "control character or folded line")
    return bool(end)


def accept(head: Head) -> Asked:
    """The one host, method and target of a request.

    Raises:
        Refused: the request is malformed, over a limit, ambiguous, or of a kind that is never forwarded.
    """
    _check_size(head)
    _check_syntax(head)
    if head.method == b"CONNECT":
        raise Refused(Reason.CONNECT_REFUSED)
    if head.method == b"TRACE":
        raise Refused(Reason.TRACE_REFUSED)
    scheme = "https" if head.tls else "http"
    host = _one_host(head, scheme)
    method = head.method.decode("ascii")
    try:
        target = read_target(head.target, method)
    except TargetRefused as refused:
        raise Refused(Reason.REQUEST_TARGET_REFUSED, refused.detail) from refused
    return Asked(scheme=scheme, host=host, port=head.port, method=method, target=target)


def _check_size(head: Head) -> None:
    if len(head.target) > MAX_TARGET:
        raise Refused(Reason.TARGET_TOO_LONG, f"{len(head.target)} bytes")
    size = sum(len(name) + len(value) + 4 for name, value in head.fields)
    if size > MAX_HEADERS or len(head.fields) > MAX_FIELDS:
        raise Refused(Reason.HEADERS_TOO_LARGE, f"{size} bytes in {len(head.fields)} fields")
    for name, value in head.fields:
        if name.lower() != b"content-length" or not value.isdigit():
            continue
        if len(value) > MAX_LENGTH_DIGITS or int(value) > MAX_BODY:
            raise Refused(Reason.BODY_TOO_LARGE, f"{value[:20].decode()} bytes")


def _check_syntax(head: Head) -> None:
    if not _TOKEN.match(head.method):
        raise Refused(Reason.MALFORMED_REQUEST, "method is not a token")
    for name, value in head.fields:
        if not _TOKEN.match(name):
            raise Refused(Reason.MALFORMED_REQUEST, "field name is not a token")
        if not _FIELD_VALUE.match(value):
            raise Refused(Reason.MALFORMED_REQUEST, "field value contains a control character")
    named = _connection_options(head.fields) & _FRAMING
    if named:
        raise Refused(Reason.MALFORMED_REQUEST, "Connection names a framing field")
    lengths = [value for name, value in head.fields if name.lower() in (b"content-length", b"transfer-encoding")]
    if len(lengths) > 1:
        raise Refused(Reason.MALFORMED_REQUEST, "conflicting Content-Length or Transfer-Encoding")


def _one_host(head: Head, scheme: str) -> str:
    """SNI, `:authority` or `Host`, and an absolute-form authority: all that are there, equal (RFC 9112 §3.2)."""
    default = DEFAULT_PORTS[scheme]
    host_fields = [value for name, value in head.fields if name.lower() == b"host"]
    if len(host_fields) > 1 or (not host_fields and not (head.http2 and head.authority)):
        raise Refused(Reason.HOST_MISMATCH, "Host is missing or repeated")
    authorities = [*host_fields, *([head.authority] if head.authority else [])]
    try:
        named = {hosts.split_authority(value.decode("utf-8"), default) for value in authorities}
        sni = hosts.canonical(head.sni) if head.tls and head.sni else None
    except (hosts.HostError, UnicodeDecodeError) as error:
        raise Refused(Reason.HOST_MISMATCH, "not a host name") from error
    if len(named) != 1:
        raise Refused(Reason.HOST_MISMATCH, "Host and target differ")
    ((host, port),) = named
    if head.tls and host != sni:
        raise Refused(Reason.HOST_MISMATCH, "Host differs from the TLS name")
    if port != head.port:
        raise Refused(Reason.HOST_MISMATCH, "Host names another port")
    return host


def _connection_options(fields: Fields) -> set[bytes]:
    values = b",".join(value for name, value in fields if name.lower() == b"connection")
    return {option.strip().lower() for option in values.split(b",")} - {b""}


def end_to_end(fields: Fields) -> Fields:
    """The fields that go upstream: hop-by-hop ones and `Proxy-*` removed (RFC 9110 §7.6.1).

    Kept, because they are ours to send again: `Connection: close`, a WebSocket upgrade (RFC 6455 §4.1) and
    `TE: trailers`, which gRPC needs. Any other upgrade, h2c above all, is removed.
    """
    options = _connection_options(fields)
    upgrades = [value.strip().lower() for name, value in fields if name.lower() == b"upgrade"]
    websocket = b"upgrade" in options and upgrades == [b"websocket"]
    te = any(name.lower() == b"te" and b"trailers" in value.lower() for name, value in fields)
    kept = [
        (name, value)
        for name, value in fields
        if name.lower() not in _HOP_BY_HOP | options and not name.lower().startswith(b"proxy-")
    ]
    if websocket:
        kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    elif b"close" in options:
        kept.append((b"Connection", b"close"))
    if te:
        kept.append((b"TE", b"trailers"))
    return tuple(kept)
