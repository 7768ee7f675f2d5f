"""Canonical requests: what both sides hash (SigV4: "Create a canonical request")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote_from_bytes, unquote_to_bytes

from proxy.acceptance import Fields
from proxy.aws.signature import Malformed, pairs

# Their paths are signed as they are sent: an object key may hold `//` and `..`, and is encoded once.
_SINGLY_ENCODED = frozenset({"s3", "s3-outposts", "s3-object-lambda", "s3express"})
_BLANKS = re.compile(rb"[ \t]+")


def request(method: str, path: bytes, query: bytes, headers: bytes, signed: tuple[str, ...], payload: str) -> bytes:
    """The canonical request of these canonical parts."""
    return b"\n".join([method.encode(), path, query, headers, ";".join(signed).encode(), payload.encode()])


def headers(fields: Fields, signed: tuple[str, ...], host: bytes) -> bytes:
    """The signed fields: trimmed, inner blanks collapsed, repeated ones joined in their order.

    Raises:
        Malformed: one of them is not there.
    """
    lines = []
    for wanted in signed:
        values = [value for name, value in fields if name.lower() == wanted.encode()]
        if wanted == "host":
            values = [host]
        if not values:
            raise Malformed("a signed header is missing")
        joined = b",".join(_BLANKS.sub(b" ", value.strip(b" \t")) for value in values)
        lines.append(wanted.encode() + b":" + joined + b"\n")
    return b"".join(lines)


def paths(path: bytes, service: str) -> Iterator[bytes]:
    """How the path may have been written to be signed.

    Clients differ in what they encode on the wire, and the service, which encodes anew, does not: the signature that
    is checked first tells which one is meant.
    """
    once = quote_from_bytes(unquote_to_bytes(path), safe="/-_.~").encode()
    if service in _SINGLY_ENCODED:
        yield from dict.fromkeys([once, path])
        return
    for sent in (path, once):
        yield quote_from_bytes(_normal(sent), safe="/-_.~").encode()
        yield quote_from_bytes(sent, safe="/-_.~").encode()
        yield _normal(sent)


def queries(query: bytes, *, presigned: bool) -> tuple[bytes, bytes]:
    """The two ways the query may have been written: encoded anew, and as it was sent; the signature itself left out."""
    found = pairs(query)
    if presigned:
        found = [(name, value) for name, value in found if unquote_to_bytes(name) != b"X-Amz-Signature"]
    # `+` is itself here, not a blank.
    encoded = [(_encoded(name), _encoded(value)) for name, value in found]
    return _joined(encoded), _joined(found)


def _joined(found: list[tuple[bytes, bytes]]) -> bytes:
    return b"&".join(name + b"=" + value for name, value in sorted(found))


def _encoded(text: bytes) -> bytes:
    return quote_from_bytes(unquote_to_bytes(text), safe="-_.~").encode()


def _normal(path: bytes) -> bytes:
    """Empty, `.` and `..` segments removed (RFC 3986 §5.2.4, as AWS has it: `//` is `/`)."""
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    end = b"/" if kept and path.endswith((b"/", b"/.", b"/..")) else b""
    return b"/" + b"/".join(kept) + end
