"""Charsets as senders name them, in texts, file names and headers; whatever they name, nothing raises."""

import base64
import urllib.parse
from collections.abc import Iterator
from encodings.aliases import aliases

import pytest

from signals.mail.charset import decode_text, unflow
from signals.mail.header import decode_words
from signals.mail.parse import parse_mail
from tests.signals.mail.test_parse import mail, multipart, text

# As senders name it, as Python does, a text.
CHARSETS = [
    ("iso-2022-jp", "iso2022_jp", "日本語"),
    ("ISO-2022-KR", "iso2022_kr", "한글"),
    ("shift_jis", "cp932", "①"),
    ("x-sjis", "cp932", "日本"),
    ("euc-jp", "euc_jp", "日本"),
    ("euc-kr", "cp949", "똠방각하"),
    ("ks_c_5601-1987", "cp949", "한글"),
    ("x-windows-949", "cp949", "한글"),
    ("gb2312", "gb18030", "镕"),
    ("GBK", "gb18030", "中文"),
    ("big5", "big5", "繁體"),
    ("big5-hkscs", "big5hkscs", "㗎"),
    ("koi8-r", "koi8_r", "Да"),
    ("koi8-u", "koi8_u", "Їжак"),
    ("windows-1251", "cp1251", "Да"),
    ("cp-1251", "cp1251", "Да"),
    ("x-mac-cyrillic", "mac_cyrillic", "Да"),
    ("windows-1256", "cp1256", "سلام"),
    ("iso-8859-8-i", "iso8859_8", "שלום"),
    ("iso-8859-1", "cp1252", "“€”"),
    ("us-ascii", "cp1252", "’"),
    ("iso-8859-15", "iso8859_15", "€"),
    ("latin-9", "iso8859_15", "€"),
    ("windows-874", "cp874", "ไทย"),
    ("tis-620", "cp874", "ไทย"),
    ("ibm850", "cp850", "ü"),
    ("UTF8", "utf-8", "ü"),
    ("'utf-8'", "utf-8", "ü"),
    ("utf-16", "utf-16", "ü"),
    ("unknown-8bit", "utf-8", "ü"),
    ("x-unknown", "cp1252", "ü"),
    ("", "utf-8", "ü"),
]


@pytest.mark.parametrize(("declared", "codec", "expected"), CHARSETS, ids=[name for name, _, _ in CHARSETS])
def test_charset(declared: str, codec: str, expected: str) -> None:
    encoded = expected.encode(codec)
    assert text(mail(f'text/plain; charset="{declared}"', encoded)) == expected
    word = f"=?{declared or 'utf-8'}?b?{base64.b64encode(encoded).decode()}?="
    assert decode_words(word) == expected or "'" in declared  # which no encoded word may hold


def test_html_names_its_charset_where_the_header_does_not() -> None:
    for meta in ("<meta charset=koi8-r>", "<META http-equiv=Content-Type content='text/html; charset=koi8-r'>"):
        assert text(mail("text/html", meta.encode() + "<p>Да</p>".encode("koi8_r"))) == "Да"
    assert text(mail("text/html; charset=utf-8", "<meta charset=koi8-r><p>Да</p>")) == "Да"


def test_flowed_quotes() -> None:
    assert unflow("> a \n> b\n> > c \nd", delete_space=False) == "> a b\n> > c \nd".replace("> > c", "> > c")


def test_nothing_raises() -> None:
    assert decode_text(bytes(range(256)), "utf-16")


CODECS = sorted({*aliases.values(), "unicode_escape", "raw_unicode_escape", "utf-8-sig"})
ODD = (b"+2AA-", b"\\ud800\\x00\\U0000dfff", b"\xed\xa0\x80", b"\x00\xd8", b"\xd8\x00", b"a\x00b", b"\x1b$B\x00\x1b(B")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("codec", CODECS)
def test_no_charset_gives_what_cannot_be_stored(codec: str) -> None:
    for odd in ODD:
        encoded = urllib.parse.quote_from_bytes(odd)
        words = f"=?{codec}?b?{base64.b64encode(odd).decode()}?="
        file = mail("application/pdf", "x", f"Content-Disposition: attachment; filename*={codec}''{encoded}")
        named = mail(f'application/p\0df; name="{words}"', "x", "Content-ID: <a\0b>")
        raw = multipart("mixed", mail(f"text/plain; charset={codec}", odd), file, named)
        subject = decode_words(words)
        written = parse_mail(raw).model_dump(exclude={"files": {"__all__": {"content"}}})
        for each in (subject, repr(subject), *strings(written)):
            each.encode()
            assert "\0" not in each


def strings(value: object) -> Iterator[str]:
    """Every text inside a dumped model."""
    match value:
        case str():
            yield value
        case dict():
            yield from (found for each in value.values() for found in strings(each))
        case list() | tuple():
            yield from (found for each in value for found in strings(each))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("=?utf-7?q?one+2AA-two?=", "onetwo"),
        ("one\0two\x1b", "onetwo"),
        ("=?unicode_escape?q?one=5Cud800?=", "one\\ud800"),
        ("=?ks_c_5601-1987?b?" + base64.b64encode("한글".encode("cp949")).decode() + "?=", "한글"),
        ("=?utf-8?q?a=0D=0ABcc=3A_x?=", "a Bcc: x"),
        ("=?hex?q?abc?=", "abc"),
    ],
)
def test_header_words(value: str, expected: str) -> None:
    assert decode_words(value) == expected
