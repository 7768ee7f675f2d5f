"""Names of files as a folder can take them."""

import pytest

from airut.models.values.file_names import distinct, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.pdf", "a.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\a.doc", "a.doc"),
        (".bashrc", "bashrc"),
        ("..", "attachment-3.pdf"),
        ("", "attachment-3.pdf"),
        ("/", "attachment-3.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\x00b\n.txt", "ab.txt"),
        ("u\u0308.txt", "ü.txt"),
        ("x" * 300 + ".pdf", "x" * 146 + ".pdf"),
        ("ü" * 300 + ".pdf", "ü" * 73 + ".pdf"),
    ],
)
def test_safe_name(name: str, safe: str) -> None:
    assert safe_name(name, "application/pdf", 3) == safe


def test_distinct() -> None:
    taken: set[str] = set()
    assert [distinct(name, taken) for name in ("a.txt", "A.txt", "a.txt", "b")] == ["a.txt", "A-2.txt", "a-3.txt", "b"]
