from email.message import EmailMessage

import pytest

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
        (multipart("alternative", PLAIN, multipart("mixed", HTML, PDF)), "html words", ["a.pdf"]),
        (
            multipart("related", PICTURE, HTML).replace(b"=related", b'=related; type="text/html"'),
            "html words",
            ["pic.png"],
        ),
        (
            multipart("related", PICTURE, mail("text/html", "<p>root</p>", "Content-ID: <r@x>")).replace(
                b"=related", b'=related; start="<r@x>"'
            ),
            "root",
            ["pic.png"],
        ),
        (
            multipart("related", mail("text/html", '<p>see <img src="CID:pic%40x"> here</p>'), PICTURE),
            "see [file: pic.png] here",
            ["pic.png"],
        ),
        (
            multipart("mixed", PLAIN, mail("message/global", "Subject: x\r\n\r\nforwarded")),
            "plain words",
            ["attachment-1.eml"],
        ),
        (multipart("mixed", PLAIN, mail("text/rtf", "{\\rtf x}")), "plain words", ["attachment-1.rtf"]),
        (
            multipart("mixed", PLAIN, mail("text/plain", "x", "Content-Disposition: attachment")),
            "plain words",
            ["attachment-1.txt"],
        ),
        (
            multipart("mixed", PLAIN, mail("text/plain", "more", "Content-Disposition: inline")),
            "plain words\n\nmore",
            [],
        ),
        (
            multipart("signed", multipart("mixed", PLAIN, PDF), mail("application/pgp-signature", "s")),
            "plain words",
            ["a.pdf"],
        ),
        (mail("multipart/mixed; boundary=b", "--b\r\n\r\nnever closed"), "never closed", []),
        (b"", "", []),
        (b"\r\n\r\nno header", "no header", []),
    ],
)
def test_structure(raw: bytes, body: str, files: list[str]) -> None:
    parsed = parse_mail(raw)
    assert (parsed.body.cut.strip(), names(parsed), parsed.obstacle) == (body, files, None)


ENCRYPTED = multipart(
    "encrypted", mail("application/pgp-encrypted", "Version: 1"), mail("application/octet-stream", "x")
)
TNEF = mail("application/ms-tnef; name=winmail.dat", "x")
PGP = "-----BEGIN PGP MESSAGE-----\r\nVersion: 1\r\n\r\nhQEMA\r\n=abcd\r\n-----END PGP MESSAGE-----\r\n"
PGP_SIGNED = (
    "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nPlease fix.\r\n- - one\r\n"
    "-----BEGIN PGP SIGNATURE-----\r\n\r\niQ\r\n-----END PGP SIGNATURE-----\r\n"
)


@pytest.mark.parametrize(
    ("raw", "obstacle", "unreadable"),
    [
        (ENCRYPTED, Obstacle.ENCRYPTED, True),
        (multipart("mixed", ENCRYPTED, mail("text/plain", "-- \r\nlist footer")), Obstacle.ENCRYPTED, True),
        (multipart("mixed", PLAIN, ENCRYPTED), Obstacle.ENCRYPTED, False),
        (mail("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", "x"), Obstacle.ENCRYPTED, True),
        (mail("application/octet-stream; name=smime.p7m", "x"), Obstacle.ENCRYPTED, True),
        (mail("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "x"), Obstacle.OPAQUE, True),
        (mail("text/plain", PGP), Obstacle.ENCRYPTED, True),
        (mail("text/plain", "See this:\r\n" + PGP), None, False),
        (TNEF, Obstacle.TNEF, True),
        (multipart("mixed", mail("text/plain", " \r\n"), TNEF), Obstacle.TNEF, True),
        (multipart("mixed", mail("application/octet-stream; name=WINMAIL.DAT", "x")), Obstacle.TNEF, True),
        (multipart("mixed", PLAIN, TNEF), None, False),
        (multipart("mixed", PDF, TNEF), None, False),
        (multipart("mixed", *[PLAIN] * 498), None, False),
        (multipart("mixed", *[PLAIN] * 500), Obstacle.COMPLEX, True),
    ],
)
def test_obstacles(raw: bytes, obstacle: Obstacle | None, unreadable: bool) -> None:
    parsed = parse_mail(raw)
    assert (parsed.obstacle, parsed.unreadable) == (obstacle, unreadable)


@pytest.mark.parametrize("depth", [30, 3000])
def test_too_deep(depth: int) -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))
    assert parse_mail(raw + PLAIN).obstacle is Obstacle.COMPLEX


def test_deep_enough() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(20))
    assert text(raw + PLAIN) == "plain words"


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
        (mail("text/plain; charset=utf-8", "Z3LD\r\n!!vG4\r\n=", "Content-Transfer-Encoding: base64"), "grün"),
        (mail("text/plain; charset=utf-8", "Z3LDvG4=\n-- \nlist", "Content-Transfer-Encoding: base64"), "grün"),
        (
            mail("text/plain; charset=utf-8", "a=\r\nb =3D =3 x=", "Content-Transfer-Encoding: quoted-printable"),
            "ab = =3 x",
        ),
        (mail("text/plain; charset=utf-8", "grün", "Content-Transfer-Encoding: bogus"), "grün"),
        (mail("text/plain", PGP_SIGNED), "Please fix.\n- one"),
        (mail("text/plain; charset*=us-ascii''utf-8", "grün"), "grün"),
        (mail("TEXT/PLAIN; CHARSET=UTF-8", "grün"), "grün"),
        (mail("text/plain; format=flowed; delsp=yes", "auto \nmatic\n-- \nAnn"), "automatic"),
        (mail("text/plain; format=flowed", "a\n >no quote\n"), "a\n >no quote"),
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


def test_python_mail_round_trip() -> None:
    message = EmailMessage()
    message.set_content("text\n")
    message.add_alternative("<p>text</p>", subtype="html")
    message.add_attachment(b"data", maintype="application", subtype="zip", filename="Grüße.zip")
    parsed = parse_mail(message.as_bytes())
    assert (parsed.body.cut, names(parsed), parsed.files[0].content) == ("text", ["Grüße.zip"], b"data")
