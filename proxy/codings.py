"""Content codings of responses, undone as they stream, in pieces of bounded size (RFC 9110 §8.4.1)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it has none
import zstandard

MAX_PIECE = 256 * 1024  # bytes of a decoded piece: a few bytes can stand for gigabytes
ZSTD_SLICE = 64  # bytes given to zstd at once, which has no limit of its own: 16 blocks of 128 KiB at most
MAX_WINDOW = 2**23  # bytes of a zstd window that a reader of web content has to offer (RFC 9659 §3)


class Undecodable(Exception):
    """The body is not what its Content-Encoding says."""


class Decoder(Protocol):
    """Undoes one coding."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What one more piece decodes to.

        Raises:
            Undecodable: it is not of this coding.
        """
        ...

    def finish(self) -> None:
        """Says that nothing more comes.

        Raises:
            Undecodable: the body ended in the middle.
        """
        ...


class Identity:
    """No coding."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        yield piece

    def finish(self) -> None:
        return


class _Zlib:
    """gzip, with as many members as there are (RFC 1952 §2.2), and deflate in both its readings."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._decoder: zlib._Decompress | None = None
        self._fed = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        try:
            while piece:
                if self._decoder is None or self._decoder.eof:
                    self._decoder = zlib.decompressobj(self._window_bits(piece))
                self._fed = True
                decoded = self._decoder.decompress(piece, MAX_PIECE)
                if decoded:
                    yield decoded
                piece = self._decoder.unconsumed_tail or self._decoder.unused_data
                if self._decoder.eof and not self._gzip:
                    return
        except zlib.error as error:
            raise Undecodable("gzip" if self._gzip else "deflate") from error

    def _window_bits(self, piece: bytes) -> int:
        if self._gzip:
            return 31
        # Some servers send deflate without the zlib header that RFC 9110 asks for, and clients take both.
        return 15 if piece[0] & 0x0F == 8 else -15

    def finish(self) -> None:
        # Output beyond MAX_PIECE was asked for until the input was used up, so nothing can be left in the decoder.
        if self._fed and self._decoder is not None and not self._decoder.eof:
            raise Undecodable("ends in the middle")


class _Brotli:
    def __init__(self) -> None:
        self._decoder = brotli.Decompressor()
        self._fed = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        try:
            self._fed = self._fed or bool(piece)
            decoded = self._decoder.process(piece, output_buffer_limit=MAX_PIECE)
            # The last of the output may be waiting although more input would be taken.
            while decoded or not self._decoder.can_accept_more_data():
                yield decoded
                decoded = self._decoder.process(b"", output_buffer_limit=MAX_PIECE)
        except brotli.error as error:
            raise Undecodable("br") from error

    def finish(self) -> None:
        if self._fed and not self._decoder.is_finished():
            raise Undecodable("ends in the middle")


class _Zstd:
    """Frames one after another (RFC 8878 §3.1)."""

    def __init__(self) -> None:
        self._context = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._decoder = self._context.decompressobj()
        self._open = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        try:
            for start in range(0, len(piece), ZSTD_SLICE):
                rest = piece[start : start + ZSTD_SLICE]
                while rest:
                    if self._decoder.eof:
                        self._decoder = self._context.decompressobj()
                    decoded = self._decoder.decompress(rest)
                    if decoded:
                        yield decoded
                    rest = self._decoder.unused_data if self._decoder.eof else b""
                self._open = not self._decoder.eof
        except zstandard.ZstdError as error:
            raise Undecodable("zstd") from error

    def finish(self) -> None:
        if self._open:
            raise Undecodable("ends in the middle")


KNOWN = ("gzip", "br", "zstd", "deflate", "identity")


def decoder(content_encoding: str) -> Decoder | None:
    """The decoder for a Content-Encoding field; none for a coding, or a row of codings, that is not known here."""
    match content_encoding.strip().lower():
        case "" | "identity":
            return Identity()
        case "gzip" | "x-gzip":
            return _Zlib(gzip=True)
        case "deflate":
            return _Zlib(gzip=False)
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstd()
        case _:
            return None


def acceptable(accept_encoding: bytes) -> bytes:
    """An Accept-Encoding field without the codings that could not be undone here; never empty."""
    kept = []
    for item in accept_encoding.split(b","):
        name = item.partition(b";")[0].strip().lower().decode("ascii", "replace")
        if name in KNOWN:
            kept.append(item.strip())
    return b", ".join(kept) or b"identity"
