import pytest

from signals.mail.dmarc import DmarcRecord, NoDmarcRecord, is_aligned, names_to_ask, parse_dmarc_record


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


class Asked:
    """A name server that remembers what it was asked."""

    def __init__(self, zone: dict[str, bytes]) -> None:
        self._zone = zone
        self.names: list[str] = []

    async def txt(self, name: str) -> tuple[bytes, ...]:
        self.names.append(name)
        return (self._zone[name],) if name in self._zone else ()


@pytest.mark.parametrize(
    ("author", "zone", "asked"),
    [
        ("a.firm.co.uk", {"_dmarc.firm.co.uk": b"v=DMARC1; p=none"}, ["a.firm.co.uk", "firm.co.uk"]),
        ("firm.co.uk", {"_dmarc.firm.co.uk": b"v=DMARC1; p=none"}, ["firm.co.uk"]),
        ("co.uk", {"_dmarc.co.uk": b"v=DMARC1; p=none"}, ["co.uk"]),
        ("a.b.example.org", {"_dmarc.b.example.org": b"v=DMARC1; p=none; psd=n"}, ["a.b.example.org", "b.example.org"]),
    ],
)
async def test_no_registry_is_asked(author: str, zone: dict[str, bytes], asked: list[str]) -> None:
    resolver = Asked(zone)
    assert await is_aligned(author, author, resolver)
    assert resolver.names == [f"_dmarc.{name}" for name in asked]


@pytest.mark.parametrize(
    "zone",
    [
        {},
        {"_dmarc.org": b"v=DMARC1; p=none"},
        {"_dmarc.example.org": b"v=DMARC1; p=none; psd=y"},
        {"_dmarc.a.example.org": b"v=DMARC1; p=none; psd=maybe"},
    ],
)
async def test_no_record(zone: dict[str, bytes]) -> None:
    with pytest.raises(NoDmarcRecord, match="DMARC record"):
        await is_aligned("a.example.org", "a.example.org", Asked(zone))
