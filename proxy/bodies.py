"""Request bodies that are read before they may leave: decoded within a limit, and JSON that has one reading only."""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from typing import NoReturn

import brotli  # type: ignore[import-untyped]  # it has none
import zstandard

from proxy.acceptance import Fields

MAX_INSPECTED = 32 * 1024**2  # of one body, as sent and as decoded: a model's longest request with images
MAX_DEPTH = 100  # of nesting: far below what Python's parser can take, far above what any client writes
MAX_CODINGS = 2  # nobody encodes more than once; each coding more is a factor of a thousand for a bomb
_ZSTD_WINDOW = 2**23  # RFC 9659: what a zstd body may ask of a reader
_SURROGATE = re.compile("[\ud800-\udfff]")

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None


class Undecodable(ValueError):
    """The body has no reading, or more than one; the text names no part of it."""


class TooLarge(ValueError):
    """The decoded body is over the limit."""


def decoded(raw: bytes, fields: Fields, limit: int) -> bytes:
    """A body without its content codings (RFC 9110 §8.4).

    Raises:
        Undecodable: a coding is unknown, or its data broken, cut short, or followed by more.
        TooLarge: more than `limit` bytes come of it.
    """
    named = b",".join(value for name, value in fields if name.lower() == b"content-encoding")
    codings = [coding.strip().lower() for coding in named.split(b",") if coding.strip()]
    if len(codings) > MAX_CODINGS:
        raise Undecodable("content is encoded more than twice")
    for coding in reversed(codings):
        raw = _without(coding, raw, limit)
    if len(raw) > limit:
        raise TooLarge
    return raw


def _without(coding: bytes, raw: bytes, limit: int) -> bytes:
    try:
        match coding:
            case b"identity":
                return raw
            case b"gzip" | b"x-gzip":
                return _inflate(raw, 16 + zlib.MAX_WBITS, limit)
            case b"deflate":  # with its zlib wrapper (RFC 9110 §8.4.1.2): servers differ on data that lacks it
                return _inflate(raw, zlib.MAX_WBITS, limit)
            case b"br":
                return _unbrotli(raw, limit)
            case b"zstd":
                return _unzstd(raw, limit)
            case _:
                raise Undecodable("unknown content coding")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise Undecodable("broken content coding") from error


def _inflate(raw: bytes, window: int, limit: int) -> bytes:
    stream = zlib.decompressobj(window)
    data = stream.decompress(raw, limit + 1)
    if len(data) > limit:
        raise TooLarge
    if not stream.eof or stream.unused_data:
        raise Undecodable("content coding is cut short or followed by more")
    return data


def _unbrotli(raw: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    data = stream.process(raw, output_buffer_limit=limit + 1)
    while not stream.can_accept_more_data() and len(data) <= limit:
        data += stream.process(b"", output_buffer_limit=limit + 1 - len(data))
    if len(data) > limit:
        raise TooLarge
    if not stream.is_finished():
        raise Undecodable("content coding is cut short")
    return bytes(data)


def _unzstd(raw: bytes, limit: int) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    data = decompressor.stream_reader(io.BytesIO(raw)).read(limit + 1)
    if len(data) > limit:
        raise TooLarge
    stream = decompressor.decompressobj()
    stream.decompress(raw)  # within the limit, as was just seen; only this form tells where the frame ends
    if not stream.eof or stream.unused_data:  # some servers stop behind the first frame (RFC 8878 §3.1), some go on
        raise Undecodable("content coding is cut short or followed by more")
    return data


def parsed(data: bytes) -> Json:
    """A JSON text (RFC 8259) that any two parsers read alike.

    Raises:
        Undecodable: not UTF-8 JSON, a byte order mark, a name twice in one object, NaN or infinity, nested too deeply.
    """
    try:
        document: Json = json.loads(data.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, Undecodable) else Undecodable("not JSON") from None
    if _too_deep(document):
        raise Undecodable("nested too deeply")
    return document


def _distinct(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Undecodable("a name is there twice")
    return members


def _no_constant(_: str) -> NoReturn:
    raise Undecodable("not JSON")


def _too_deep(document: Json) -> bool:
    level: list[Json] = [document]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: Json) -> list[Json]:
    if isinstance(node, dict):
        return [child for child in node.values() if isinstance(child, dict | list)]
    if isinstance(node, list):
        return [child for child in node if isinstance(child, dict | list)]
    return []


def serialised(document: Json) -> bytes:
    """The document in its shortest form; lone surrogates, which UTF-8 has no bytes for, stay escapes."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text).encode()
