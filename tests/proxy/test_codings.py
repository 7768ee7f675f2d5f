"""Content codings undone in pieces."""

import gzip
import itertools
import zlib

import brotli  # type: ignore[import-untyped]  # it has none
import pytest
import zstandard

from proxy.codings import MAX_PIECE, Undecodable, acceptable, decoder

TEXT = b"the quick brown fox " * 500


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]),
    "GZIP ": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "Deflate": raw_deflate(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT[:7]) + zstandard.compress(TEXT[7:]),
    "identity": TEXT,
    "": TEXT,
}


@pytest.mark.parametrize("coding", CODED)
@pytest.mark.parametrize("size", [1, 3, 100, 1_000_000])
def test_in_pieces_of_each_size(coding: str, size: int) -> None:
    undo = decoder(coding)
    assert undo is not None
    data = CODED[coding]
    pieces = [b"".join(undo.feed(bytes(piece))) for piece in itertools.batched(data, size, strict=False)]
    undo.finish()
    assert b"".join(pieces) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_broken_and_cut_short(coding: str) -> None:
    broken, cut = decoder(coding), decoder(coding)
    assert broken is not None
    assert cut is not None
    with pytest.raises(Undecodable):
        list(broken.feed(b"\x07not of this coding" * 10))
        broken.finish()
    list(cut.feed(CODED[coding][:-9]))
    with pytest.raises(Undecodable):
        cut.finish()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_is_whole(coding: str) -> None:
    empty = decoder(coding)
    assert empty is not None
    empty.finish()


@pytest.mark.parametrize(
    ("coding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("br", brotli.compress(bytes(50_000_000), quality=5)),
        ("zstd", zstandard.compress(bytes(50_000_000))),
    ],
    ids=["gzip", "br", "zstd"],
)
def test_a_bomb_comes_in_bounded_pieces(coding: str, bomb: bytes) -> None:
    undo = decoder(coding)
    assert undo is not None
    largest = total = 0
    for piece in undo.feed(bomb):
        largest, total = max(largest, len(piece)), total + len(piece)
    assert total == 50_000_000
    assert largest <= 16 * MAX_PIECE


@pytest.mark.parametrize("coding", ["compress", "gzip, br", "aws-chunked", "dcb"])
def test_other_codings_are_not_known(coding: str) -> None:
    assert decoder(coding) is None


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (b"gzip, deflate, br, zstd", b"gzip, deflate, br, zstd"),
        (b"gzip;q=0.5, dcb, *;q=0", b"gzip;q=0.5"),
        (b"compress", b"identity"),
        (b"*", b"identity"),
        (b"", b"identity"),
    ],
)
def test_only_what_can_be_undone_is_asked_for(asked: bytes, kept: bytes) -> None:
    assert acceptable(asked) == kept
