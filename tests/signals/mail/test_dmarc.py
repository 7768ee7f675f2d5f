import pytest

from signals.mail.dmarc import DmarcRecord, names_to_ask, parse_dmarc_record


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("example.org", ("example.org", "org")),
        ("a.b.example.org", ("a.b.example.org", "b.example.org", "example.org", "org")),
        (
            "a.b.c.d.e.f.g.h.example.org",
            (
                "a.b.c.d.e.f.g.h.example.org",
                "d.e.f.g.h.example.org",
                "e.f.g.h.example.org",
                "f.g.h.example.org",
                "g.h.example.org",
                "h.example.org",
                "example.org",
                "org",
            ),
        ),
    ],
)
def test_tree_walk(domain: str, names: tuple[str, ...]) -> None:
    assert names_to_ask(domain) == names


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b"v=DMARC1; p=none", DmarcRecord()),
        (b"v=DMARC1;p=REJECT;adkim=S;psd=n;", DmarcRecord(strict=True, psd="n")),
        (b"v=DMARC1; rua=mailto:x@example.org", DmarcRecord()),
        (b"v=DMARC1", None),
        (b"v=DMARC1; p=none; adkim=x", None),
        (b"v=DMARC1; p=none; p=reject", None),
        (b"v=DMARC1; p", None),
    ],
)
def test_record(text: bytes, record: DmarcRecord | None) -> None:
    assert parse_dmarc_record(text) == record
