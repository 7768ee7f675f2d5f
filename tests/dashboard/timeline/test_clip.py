"""How much of a text a page shows."""

import pytest

from airut.dashboard.timeline.clip import SIZE, WHOLE_SIZE, Clip, clip


@pytest.mark.parametrize(
    ("text", "lines", "shown"),
    [
        ("", 20, Clip()),
        ("a\nb\n", 20, Clip(text="a\nb")),
        ("a\nb\nc", 2, Clip(text="a\nb", lines=1, size=2)),
        ("\n" * 30, 20, Clip()),
        ("x" * (SIZE + 5), 20, Clip(text="x" * SIZE, size=5)),
        ("ä" * SIZE, 20, Clip(text="ä" * (SIZE // 2), size=SIZE)),
        ("a\nb\nc", None, Clip(text="a\nb\nc")),
        ("x" * (WHOLE_SIZE + 1), None, Clip(text="x" * WHOLE_SIZE, size=1)),
        ("\x1b[31m\u202e\r\n\ud800", 20, Clip(text="\ufffd[31m\ufffd\n?")),
    ],
)
def test_clip(text: str, lines: int | None, shown: Clip) -> None:
    assert clip(text, lines) == shown
    assert clip(text, lines).is_cut == bool(shown.lines or shown.size)
