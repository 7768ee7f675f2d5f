"""What a build said is kept to its end, and to a bound."""

from pathlib import Path

import pytest

from airut.adapters.podman import transcript
from airut.adapters.podman.transcript import LINE, TAIL, Transcript


def test_last_lines_and_the_one_that_is_looked_for(tmp_path: Path) -> None:
    told = Transcript(tmp_path / "log", "the image has no ")
    told.feed(b"one\nthe image has no g")
    told.feed("it; ä\r\n\xff\nlast".encode("latin-1"))
    told.close()
    assert told.lines == ["one", "the image has no git; �", "�", "last"]
    assert told.kept == "the image has no git; �"
    assert (tmp_path / "log").read_bytes() == b"one\nthe image has no git; \xe4\r\n\xff\nlast"


def test_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "MOST", 1000)  # 16 MiB are not written for a test
    told = Transcript(tmp_path / "log", "never")
    for number in range(100):
        told.feed(b"%d " % number + b"x" * 5000 + b"\n")
    told.feed(b"y" * 10_000)
    told.close()
    assert len(told.lines) == TAIL
    assert {len(line) for line in told.lines} == {LINE}
    assert (tmp_path / "log").stat().st_size == 1000
