"""What a stranger's mail says of itself, and what may be believed."""

import re

from airut.models.mail.address import BadAddress
from airut.models.mail.settings import MailAuth
from signals.mail.auth import trust_results
from signals.mail.header import HeaderBlock, MalformedHeader, decode_words, parse_header_block
from signals.mail.sender import author as author_of
from signals.mail.sender import parse_mailbox
from signals.mail.verdict import Verified

SETTINGS = MailAuth.model_validate({"trusted_authserv_id": ("mx.test",), "authorized_senders": ("*@example.org",)})
RESULTS = (
    b"mx.test; dmarc=pass (p=none dis=none) header.from=example.org",
    b'mx.test 1; spf=pass smtp.mailfrom="a b"@example.org; dkim=fail; dmarc=fail header.from=example.org',
    b"other.test; dmarc=pass header.from=example.org",
)
AUTHORS = (b"Alice <alice@example.org>", b'"A, B" <alice@example.org> (x)', b"alice@example.org", b"g: a@example.org;")
HEADERS = tuple(
    b"Authentication-Results: " + field + b"\r\nFrom: " + AUTHORS[0] + b"\r\nSubject: =?utf-8?q?x?=\r\n\r\nbody"
    for field in RESULTS
)
WORDS = (
    b"mx.test", b"evil.test", b"dmarc=pass", b"dmarc=fail", b"header.from=example.org", b";", b"(", b")", b'"', b"\\",
    b"\r\n", b"\r\n ", b"\n", b"From: mallory@evil.test", b"<", b">", b",", b"@", b":", b"Authentication-Results:",
    b"\0", b"\xc3\xa4", b"=?utf-8?b?", b"?=", b"/1", b"x.test", b"arc=pass", b"\t",
)  # fmt: skip
_FROM = re.compile(rb"^from[ \t]*:", re.IGNORECASE | re.MULTILINE)


def results(data: bytes) -> None:
    """One Authentication-Results field a line: believed only if the first is our server's and says dmarc=pass."""
    lines = data.decode("latin-1").split("\n")
    header = HeaderBlock(fields=tuple(("authentication-results", line) for line in lines))
    if isinstance(trust_results(header, "alice@example.org", SETTINGS), Verified):
        first = re.sub(r"\s", "", lines[0]).lower()
        assert "mx.test" in first
        assert any("dmarc" in line.lower() and "pass" in line.lower() for line in lines)


def author(data: bytes) -> None:
    """Refused, or one address that is a part of the field."""
    text = data.decode("utf-8", "replace")
    try:
        address = parse_mailbox(text)
    except BadAddress:
        return
    assert address.count("@") == 1
    assert "@" in text
    assert address.isprintable()
    assert not re.search(r"[\s<>,;:]", address.rpartition("@")[2])


def header(data: bytes) -> None:
    """A whole header: nobody is believed unless there is one From line and one field on top that is our server's."""
    try:
        block = parse_header_block(data)
        address = author_of(block)
    except (MalformedHeader, BadAddress):
        return
    for _, value in block.fields:
        decode_words(value)
    if isinstance(trust_results(block, address, SETTINGS), Verified):
        head = re.split(rb"\r?\n\r?\n", data, maxsplit=1)[0]
        assert len(_FROM.findall(head)) == 1
        assert b"mx.test" in head.lower()
        assert b"dmarc" in head.lower()
