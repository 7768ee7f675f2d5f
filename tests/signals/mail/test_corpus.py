"""Whole mails as real clients write them (`corpus/README.md`), and what becomes of their texts."""

from pathlib import Path

import pytest

from signals.mail.parse import parse_mail
from signals.mail.quotes import Body
from signals.routing import MailReferences, thread_token

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))
FOOTER = b"airut abcdefghij234567"


def body(name: str) -> Body:
    return parse_mail(raw(name)).body


def raw(name: str) -> bytes:
    return (CORPUS / f"{name}.eml").read_bytes().replace(b"\n", b"\r\n")


@pytest.mark.parametrize("name", NAMES)
def test_text(name: str) -> None:
    expected = (CORPUS / f"{name}.txt").read_text()
    cut, _, uncut = expected.partition("==== uncut ====\n")
    assert (body(name).cut + "\n", body(name).uncut + "\n") == (cut, uncut or cut)


@pytest.mark.parametrize("name", [name for name in NAMES if FOOTER in raw(name)])
def test_the_thread_is_found_by_our_footer_alone(name: str) -> None:
    """In the quoted part, whatever the client made of it."""
    mail = MailReferences(message_id="<new@example.org>", quoted=body(name).quoted)
    assert thread_token("repo", mail, "") == "abcdefghij234567"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("gmail-web-bottom", "Thanks. Now the docs, please."),
        ("proton-bottom", "Approved, and tag it."),
        ("apple-mail-bottom", "One more thing: the version number."),
        ("thunderbird-bottom", "Good. What about Windows?"),
        ("mutt-top-quoted", "Thanks; the docs are still missing."),
        ("command-below-a-signature", "stop"),
        ("outlook-ios-top", "Yes, do it."),
        ("outlook-web-empty", ""),
        ("gmail-plain-only-quote", ""),
    ],
)
def test_own_words(name: str, own: str) -> None:
    """What a command is read from: above, below or between quotes."""
    assert body(name).own == own


def test_the_corpus_is_as_large_as_it_has_to_be() -> None:
    assert len(NAMES) >= 40
    assert {path.stem for path in CORPUS.glob("*.txt")} == set(NAMES)
