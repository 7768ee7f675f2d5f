"""A planted secret is found, as it is and as base64 at any place."""

import base64
from pathlib import Path

import pytest

from tests.chaos.leaks import leaks

SECRET = "ghp_0123456789abcdef0123456789abcdef0123"


@pytest.mark.parametrize("before", ["", "x", "xy", "x-access-token:"])
@pytest.mark.parametrize("encoded", [False, True])
def test_it_is_found(tmp_path: Path, before: str, encoded: bool) -> None:
    text = f"{before}{SECRET}"
    content = base64.b64encode(text.encode()) if encoded else text.encode()
    (tmp_path / "history").write_bytes(b"\0\1 before " + content + b" after \xff")
    (tmp_path / "clean").write_bytes(b"ghp_0123456789abcdef")
    (tmp_path / "empty").touch()
    files = sorted(tmp_path.iterdir())
    assert leaks(files, [("inspect", content.decode()), ("log", "nothing")], [SECRET]) == (
        str(tmp_path / "history"),
        "inspect",
    )
