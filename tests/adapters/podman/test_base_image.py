"""The base image's packages come from where this host's own do."""

from pathlib import Path

import pytest

from airut.adapters.podman.base_image import find_mirror


@pytest.mark.parametrize(
    ("name", "text", "mirror"),
    [
        ("sources.list", "deb http://deb.debian.org/debian bookworm main\n", "http://deb.debian.org/debian"),
        (
            "sources.list",
            "deb [arch=amd64] https://mirror.example/debian/ trixie main\n",
            "https://mirror.example/debian",
        ),
        ("sources.list", "deb http://security.debian.org/debian-security bookworm-security main\n", None),
        ("sources.list", "deb http://archive.ubuntu.com/ubuntu noble main\n", None),
        (
            "sources.list.d/debian.sources",
            "Types: deb\nURIs: http://near.example/debian\nSuites: trixie\n",
            "http://near.example/debian",
        ),
    ],
)
def test_mirror(tmp_path: Path, name: str, text: str, mirror: str | None) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)
    assert find_mirror(tmp_path) == mirror


def test_no_apt(tmp_path: Path) -> None:
    assert find_mirror(tmp_path / "none") is None
