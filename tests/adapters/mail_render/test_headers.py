from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.adapters.mail_render import headers


@pytest.mark.parametrize(
    ("subject", "reply"),
    [
        ("Fix the tests", "Re: Fix the tests"),
        ("Re: Fix the tests", "Re: Fix the tests"),
        ("RE: AW: SV: VS: TR: RV: Fwd: re[3]: Fix the tests", "Re: Fix the tests"),
        ("FW: WG:Fix", "Re: Fix"),
        ("Re : Fix", "Re: Fix"),
        ("Regression: Fix", "Re: Regression: Fix"),
        ("Fix: Re: this", "Re: Fix: Re: this"),
        ("", "Re:"),
        ("Re:", "Re:"),
        ("two\r\n lines\x00\tand more", "Re: two lines and more"),
        ("x\r\nBcc: eve@evil.example", "Re: x Bcc: eve@evil.example"),
        ("x\u2028y\ud800z", "Re: x y?z"),
        ("x" * 900, f"Re: {'x' * 500}…"),
    ],
)
def test_reply_subject(subject: str, reply: str) -> None:
    assert headers.reply_subject(subject) == reply


def test_references_keep_the_root_and_the_newest_twenty() -> None:
    chain = [f"<{n}@example.org>" for n in range(40)]
    assert headers.references(chain, "<new@example.org>") == (chain[0], *chain[-19:], "<new@example.org>")
    assert headers.references(chain[:3], None) == tuple(chain[:3])
    assert headers.references((), "<new@example.org>") == ("<new@example.org>",)


@pytest.mark.parametrize(
    "bad", ["", "no brackets@x", "<no-at>", "<a b@c>", "<a@b@c>", "<ä@b>", "<a@b>\r\nBcc: x", f"<{'a' * 990}@b>"]
)
def test_malformed_ids_are_dropped(bad: str) -> None:
    assert headers.references(("<a@b>", bad, "<a@b>"), "<c@d>") == ("<a@b>", "<c@d>")


VALUES = st.text(st.characters(exclude_categories=[]), max_size=2000)


@given(VALUES)
def test_text_survives_and_stays_in_its_field(value: str) -> None:
    field = headers.text_field("Subject", value)
    assert all(len(line) <= 998 for line in field.split(b"\r\n"))
    message = message_from_bytes(field + b"\r\n", policy=default)
    assert message.keys() == ["Subject"]
    if len(value) < 200:  # The reader of the standard library joins very many encoded words slowly.
        assert " ".join(str(message["Subject"]).split()) == " ".join(headers.clean(value).split())


@pytest.mark.parametrize(
    "value", ["x" * 3000, "word " * 500, "=?utf-8?q?already?= encoded", "äöü" * 300, "日本語 mixed with ASCII " * 20]
)
def test_long_and_odd_subjects(value: str) -> None:
    field = headers.text_field("Subject", value)
    assert all(len(line) <= 998 for line in field.split(b"\r\n"))
    assert str(message_from_bytes(field + b"\r\n", policy=default)["Subject"]) == value.strip()


def test_long_ids_are_folded_and_never_encoded() -> None:
    ids = [f"<{'x' * 120}.{n}@mail.example.org>" for n in range(21)]
    field = headers.words_field("References", ids)
    assert b"=?" not in field
    assert field == b"References: " + "\r\n ".join(ids).encode() + b"\r\n"


@pytest.mark.parametrize(
    ("mailbox", "field"),
    [
        ("bot@example.org", b"From: bot@example.org\r\n"),
        ("Airut Bot <bot@example.org>", b'From: "Airut Bot" <bot@example.org>\r\n'),
        ('"Bot, \\"the\\" one" <bot@example.org>', b'From: "Bot, \\"the\\" one" <bot@example.org>\r\n'),
        ("Aïrut <bot@example.org>", b"From: =?utf-8?b?QcOvcnV0?= <bot@example.org>\r\n"),
    ],
)
def test_mailbox(mailbox: str, field: bytes) -> None:
    assert headers.mailbox_field("From", mailbox) == field
