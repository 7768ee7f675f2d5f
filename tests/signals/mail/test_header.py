"""The header block, read so that no two readers can disagree about it."""

import pytest

from signals.mail.header import MAX_HEADER, HeaderBlock, MalformedHeader, parse_header_block


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        (b"From: a@b.org\r\nSubject: x\r\n\r\nFrom: body", (("from", "a@b.org"), ("subject", "x"))),
        (b"From: a@b.org\nSubject: x\n\nbody", (("from", "a@b.org"), ("subject", "x"))),
        (b"FROM : a@b.org\r\n", (("from", "a@b.org"),)),
        (b"Subject: one\r\n two\r\n\tthree\r\n\r\n", (("subject", "one two\tthree"),)),
        (b"Subject:\r\n\r\n", (("subject", ""),)),
        (b"From eve Mon Mar 2 2026\r\nFrom: a@b.org\r\n\r\n", (("from", "a@b.org"),)),
        ("Subject: grün\r\n\r\n".encode(), (("subject", "grün"),)),
        (b"Subject: gr\xfcn\r\n\r\n", (("subject", "grün"),)),
        (b"", ()),
        (b"\r\nFrom: a@b.org\r\n", ()),
    ],
)
def test_fields(raw: bytes, fields: tuple[tuple[str, str], ...]) -> None:
    assert parse_header_block(raw) == HeaderBlock(fields=fields)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b" continued\r\nFrom: a@b.org\r\n", "begins with a continuation"),
        (b"From: a@b.org\r\nnot a field\r\n", "line 2 of the header is not a field"),
        (b"From: a@b.org\r\nFrom eve\r\n", "line 2 of the header is not a field"),
        (b"Fr\xc3\xb6m: a@b.org\r\n", "line 1 of the header is not a field"),
        (b": nameless\r\n", "line 1 of the header is not a field"),
        (b"X: a\rFrom: alice@example.org\r\nFrom: eve@evil.org\r\n", "line 1 of the header has a control character"),
        (b"From: eve@evil.org\r\r\nFrom: alice@example.org\r\n", "line 1 of the header has a control character"),
        (b"From: alice@example.org\0eve@evil.org\r\n", "line 1 of the header has a control character"),
        (b"X: " + b"x" * MAX_HEADER, "header block too long"),
        (b"X: x\r\n" * (MAX_HEADER // 6 + 1), "header block too long"),
    ],
)
def test_refused(raw: bytes, words: str) -> None:
    with pytest.raises(MalformedHeader, match=words):
        parse_header_block(raw)
