import base64
import urllib.parse
from collections.abc import Iterator
from email.message import EmailMessage
from encodings.aliases import aliases

import pytest

from signals.mail.charset import decode_text, unflow
from signals.mail.header import decode_words
from signals.mail.parse import Obstacle, ParsedMail, parse_mail


def mail(content_type: str, body: str | bytes, *more: str) -> bytes:
    encoded = body.encode() if isinstance(body, str) else body
    header = "\r\n".join((f"Content-Type: {content_type}", *more))
    return header.encode() + b"\r\n\r\n" + encoded


def multipart(kind: str, *parts: bytes) -> bytes:
    body = b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"
    return mail(f"multipart/{kind}; boundary=B", body.replace(b"--B", b"--" + kind.encode())).replace(
        b"boundary=B", b"boundary=" + kind.encode()
    )


def text(raw: bytes) -> str:
    return parse_mail(raw).body.cut


def names(parsed: ParsedMail) -> list[str]:
    return [file.name for file in parsed.files]


PLAIN = mail("text/plain", "plain words")
HTML = mail("text/html", "<p>html words</p>")
EMPTY_HTML = mail("text/html", "<html><body><br></body></html>")
PICTURE = mail("image/png; name=pic.png", b"\x89PNGxx", "Content-ID: <pic@x>")
PDF = mail("application/pdf", b"%PDF", 'Content-Disposition: attachment; filename="a.pdf"')


@pytest.mark.parametrize(
    ("raw", "body", "files"),
    [
        (PLAIN, "plain words", []),
        (multipart("alternative", PLAIN, HTML), "html words", []),
        (multipart("alternative", HTML, PLAIN), "html words", []),
        (multipart("alternative", PLAIN, EMPTY_HTML), "plain words", []),
        (multipart("alternative", PLAIN, mail("text/calendar", "BEGIN")), "plain words", []),
        (multipart("alternative", PLAIN, mail("text/x-amp-html", "<p>amp</p>")), "plain words", []),
        (multipart("alternative", PLAIN, multipart("related", HTML, PICTURE)), "html words", ["pic.png"]),
        (multipart("mixed", PLAIN, PDF), "plain words", ["a.pdf"]),
        (multipart("mixed", PLAIN, PICTURE, HTML), "plain words\n\n[file: pic.png]\n\nhtml words", ["pic.png"]),
        (multipart("signed", PLAIN, mail("application/pgp-signature", "sig")), "plain words", []),
        (multipart("unknown", PLAIN, HTML), "plain words\n\nhtml words", []),
        (
            multipart("mixed", PLAIN, mail("message/rfc822", "Subject: x\r\n\r\nforwarded")),
            "plain words",
            ["attachment-1.eml"],
        ),
        (multipart("mixed", PLAIN, mail("text/html; name=report.html", "<p>r</p>")), "plain words", ["report.html"]),
        (multipart("mixed", PLAIN, mail("text/csv", "a,b")), "plain words", ["attachment-1.csv"]),
        (multipart("mixed", PDF, PDF, PLAIN), "plain words", ["a.pdf", "a-2.pdf"]),
        (mail("multipart/mixed", "no boundary"), "no boundary", []),
        (b"", "", []),
        (b"\r\n\r\nno header", "no header", []),
    ],
)
def test_structure(raw: bytes, body: str, files: list[str]) -> None:
    parsed = parse_mail(raw)
    assert (parsed.body.cut.strip(), names(parsed), parsed.obstacle) == (body, files, None)


@pytest.mark.parametrize(
    ("raw", "obstacle"),
    [
        (
            multipart(
                "encrypted", mail("application/pgp-encrypted", "Version: 1"), mail("application/octet-stream", "x")
            ),
            Obstacle.ENCRYPTED,
        ),
        (mail("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "x"), Obstacle.ENCRYPTED),
        (mail("application/ms-tnef; name=winmail.dat", "x"), Obstacle.TNEF),
        (multipart("mixed", *[PLAIN] * 600), Obstacle.COMPLEX),
    ],
)
def test_obstacles(raw: bytes, obstacle: Obstacle) -> None:
    assert parse_mail(raw).obstacle is obstacle


@pytest.mark.parametrize("depth", [30, 3000])
def test_depth(depth: int) -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))
    assert parse_mail(raw + PLAIN).obstacle is Obstacle.COMPLEX


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (mail("text/plain; charset=utf-8", "grün"), "grün"),
        (mail("text/plain; charset=iso-8859-1", b"\x93gr\xfcn\x94"), "“grün”"),
        (mail("text/plain; charset=bogus", "grün"), "grün"),
        (mail("text/plain", b"gr\xfcn"), "grün"),
        (mail("text/plain; charset=gb2312", "中文".encode("gb18030")), "中文"),
        (mail("text/plain; charset=ks_c_5601-1987", "한글".encode("cp949")), "한글"),
        (mail("text/plain; charset=hex", b"abc"), "abc"),
        (mail("text/plain; charset=us-ascii", "grün"), "grün"),
        (mail("text/html", b'<meta charset="iso-8859-2"><p>\xb1</p>'), "ą"),
        (mail("text/plain; charset=utf-8", b"\xef\xbb\xbfa\x00b\x07c"), "abc"),
        (mail("text/plain; charset=utf-8", "Z3LDvG4", "Content-Transfer-Encoding: base64"), "grün"),
        (mail("text/plain; charset=utf-8", "gr=C3=BCn =ZZ", "Content-Transfer-Encoding: quoted-printable"), "grün =ZZ"),
        (mail("text/plain; format=flowed", "one \ntwo\nthree"), "one two\nthree"),
        (mail("text/plain; charset=utf-7", "one+2AA-two"), "onetwo"),
        (mail("text/plain; charset=utf-7", "one+2D3eAA-two"), "one\U0001f600two"),
        (mail("text/plain; charset=unicode_escape", "one\\ud800two\\x00"), "one\\ud800two\\x00"),
        (mail("text/html; charset=utf-7", "<p title='+2AA-'>one+2AA-two</p>"), "onetwo"),
        (
            mail("text/html", "<p>one&#xe000;two&#57344 &#xe0001;three&#xD800;&#0;</p>"),
            "onetwo \U000e0001three\ufffd\ufffd",
        ),
    ],
)
def test_text(raw: bytes, expected: str) -> None:
    assert text(raw) == expected


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
        for text in (subject, repr(subject), *strings(written)):
            text.encode()
            assert "\0" not in text


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


def test_python_mail_round_trip() -> None:
    message = EmailMessage()
    message.set_content("text\n")
    message.add_alternative("<p>text</p>", subtype="html")
    message.add_attachment(b"data", maintype="application", subtype="zip", filename="Grüße.zip")
    parsed = parse_mail(message.as_bytes())
    assert (parsed.body.cut, names(parsed), parsed.files[0].content) == ("text", ["Grüße.zip"], b"data")
