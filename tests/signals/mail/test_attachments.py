from email import message_from_bytes

import pytest

from airut.models.mail.settings import MailLimits
from signals.mail.attachments import MailFile, declared_name, is_noise, within_limits


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (b'attachment; filename="a.pdf"', "a.pdf"),
        (b"attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        (b"attachment; filename*0*=UTF-8''Gr%C3%BC; filename*1=sse.pdf", "Grüsse.pdf"),
        (b'attachment; filename="=?utf-8?q?Gr=C3=BC=C3=9Fe=2Epdf?="', "Grüße.pdf"),
        ('attachment; filename="Grüße.pdf"'.encode(), "Grüße.pdf"),
        (b"attachment", ""),
    ],
)
def test_declared_name(field: bytes, name: str) -> None:
    assert declared_name(message_from_bytes(b"Content-Disposition: " + field + b"\r\n\r\n")) == name


@pytest.mark.parametrize(
    ("media_type", "content", "noise"),
    [
        ("image/gif", b"GIF89a\x01\x00\x01\x00rest", True),
        ("image/gif", b"GIF89a\x20\x00\x01\x00rest", False),
        ("image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01rest", True),
        ("application/pkcs7-signature", b"x", True),
        ("text/plain", b"", False),
    ],
)
def test_noise(media_type: str, content: bytes, noise: bool) -> None:
    assert is_noise(media_type, content) is noise


def test_limits() -> None:
    files = tuple(MailFile(name=f"{n}.bin", media_type="x/y", content=b"x" * n) for n in (3000, 10, 20, 30))
    taken, notes = within_limits(files, MailLimits(attachment=1000, attachments=2))
    assert [file.name for file in taken] == ["10.bin", "20.bin"]
    assert notes == (
        "the file 3000.bin was left out: it has 2 KiB, the limit is 1 KiB",
        "the file 30.bin was left out: at most 2 files are taken",
    )
