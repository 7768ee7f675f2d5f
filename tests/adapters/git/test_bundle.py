import pytest

from airut.adapters.git.bundle import Bundle, parse_bundle
from airut.errors import BundleRefused

A, B, C = (letter * 40 for letter in "abc")


def made(*lines: str, head: str = "# v2 git bundle", pack: bytes = b"PACK\n\nrest") -> bytes:
    return "\n".join([head, *lines, "", ""]).encode() + pack


@pytest.mark.parametrize(
    ("content", "parsed"),
    [
        (made(f"{A} HEAD"), Bundle(A, (), b"PACK\n\nrest")),
        (made(f"-{B} Initial - commit", f"-{C}", f"{A} HEAD"), Bundle(A, (B, C), b"PACK\n\nrest")),
        (made(f"{A} HEAD", f"{A} refs/heads/main"), Bundle(A, (), b"PACK\n\nrest")),
        (made("@object-format=sha1", f"{A} HEAD", head="# v3 git bundle"), Bundle(A, (), b"PACK\n\nrest")),
        (made(f"{A} refs/heads/../../evil"), Bundle(A, (), b"PACK\n\nrest")),
    ],
)
def test_parse(content: bytes, parsed: Bundle) -> None:
    assert parse_bundle(content) == parsed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a git bundle"),
        (b"PACK", "not a git bundle"),
        (b"# v2 git bundle\n", "not a git bundle"),
        (made(f"{A} HEAD", head="# v9 git bundle"), "not a git bundle"),
        (made(f"-{B}"), "0 tips"),
        (made(f"{A} HEAD", f"{B} refs/heads/x"), "2 tips"),
        (made("@filter=blob:none", f"{A} HEAD", head="# v3 git bundle"), "asks for filter=blob:none"),
        (made("--upload-pack=x HEAD"), "damaged"),
        (made(f"{A[:39]} HEAD"), "damaged"),
        (made(f"{A.upper()} HEAD"), "damaged"),
        (made(*[f"-{B}"] * 1001, f"{A} HEAD"), "1001 commits"),
        (made("-" + "x" * 2**20, f"{A} HEAD"), "not a git bundle"),
    ],
)
def test_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BundleRefused, match=reason):
        parse_bundle(content)


def test_too_large() -> None:
    with pytest.raises(BundleRefused, match="101 bytes, more than 100"):
        parse_bundle(b"x" * 101, limit=100)
