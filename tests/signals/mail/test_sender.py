import pytest

from signals.mail.header import parse_header_block
from signals.mail.sender import BadFrom, author, parse_mailbox

GOOD = {
    "a@b.org": "a@b.org",
    "A.B@Example.ORG": "a.b@example.org",
    "Alice <alice@example.org>": "alice@example.org",
    '"Doe, Alice (x)" <alice@example.org>': "alice@example.org",
    "Alice B. Carol <alice@example.org> (she)": "alice@example.org",
    "=?utf-8?q?J=C3=BCrgen?= <j@example.org>": "j@example.org",
    "Jürgen <j@example.org>": "j@example.org",
    "(comment (nested)) alice@example.org": "alice@example.org",
    "alice@müller.de": "alice@xn--mller-kva.de",
    '"alice"@example.org': "alice@example.org",
    "alice+tag@example.org": "alice+tag@example.org",
    "alice@[evil] <alice@example.org>": None,
}
BAD = [
    "",
    "<>",
    "alice",
    "alice@",
    "@example.org",
    "a@b.org, c@d.org",
    "a@b.org c@d.org",
    "a@b.org <c@d.org>",
    "Alice <a@b.org> <c@d.org>",
    "Alice <a@b.org",
    "Alice a@b.org>",
    "Friends: a@b.org;",
    "undisclosed-recipients:;",
    "<@relay.org:a@b.org>",
    '"a@b.org"@evil.org',
    '"a b"@example.org',
    "=?utf-8?q?a=40b.org?=@evil.org",
    "a@=?utf-8?q?b.org?=",
    "a@b.org\x00",
    "a@b\x1b.org",
    "a\u202e@b.org",
    "a@b..org",
    "a@-b.org",
    "a@[127.0.0.1]",
    "a@straße.de",
    "a@ｂ.org",
    "a@\u212a.org",
    '"unbalanced <a@b.org>',
    "a@b.org (unbalanced",
]


@pytest.mark.parametrize(("field", "address"), [(k, v) for k, v in GOOD.items() if v])
def test_one_mailbox(field: str, address: str) -> None:
    assert parse_mailbox(field) == address


@pytest.mark.parametrize("field", BAD + [k for k, v in GOOD.items() if not v])
def test_refused(field: str) -> None:
    with pytest.raises(BadFrom):
        parse_mailbox(field)


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: x\r\n\r\nFrom: a@b.org\r\n",
        b"From: a@b.org\r\nFrom: c@d.org\r\n\r\n",
        b"From : a@b.org\r\nfrom: c@d.org\r\n\r\n",
        b"Sender: a@b.org\r\n\r\n",
    ],
)
def test_exactly_one_field(raw: bytes) -> None:
    with pytest.raises(BadFrom):
        author(parse_header_block(raw))


def test_folded() -> None:
    assert author(parse_header_block(b"From: Alice\r\n <a@b.org>\r\n\r\n")) == "a@b.org"
