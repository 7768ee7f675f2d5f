"""The end of a log."""

import pytest

from airut.adapters.log_tail import readable, tail


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("2026-05-01T10:00:00.1234567Z ##[error]failed", "##[error]failed"),
        ("\ufeff2026-05-01T10:00:00Z first", "first"),
        ("\x1b[1;31mred\x1b[0m and\x07 bell", "red and bell"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_lines_are_readable(line: str, plain: str) -> None:
    assert readable(line) == plain


def test_the_last_fifty() -> None:
    assert tail("\n".join(map(str, range(100)))).splitlines() == [str(number) for number in range(50, 100)]
