"""A recording in parts: nothing of it is shown twice, and nothing left out."""

import json

from airut.adapters.recordings import BytesRecording
from airut.dashboard.timeline.chunks import LINES_MOST, WINDOW, Chunk, Cursor, after, before, newest, whole
from airut.dashboard.timeline.entries import Place, Raw, Said
from airut.ports.recordings import Line


def plain(raw: bytes) -> bytes:
    return raw


def texts(chunk: Chunk) -> list[str]:
    return [entry.body.text.text for entry in chunk.entries if isinstance(entry.body, Said)]


def stream(count: int, size: int = 1) -> bytes:
    events = ({"type": "assistant", "message": {"content": f"{n}{' x' * size}"}} for n in range(count))
    return "".join(json.dumps(event) + "\n" for event in events).encode()


class Several:
    """Several sandboxes of one task."""

    def __init__(self, *contents: bytes) -> None:
        self._each = {number: BytesRecording(content, number) for number, content in enumerate(contents, 1)}

    @property
    def sandboxes(self) -> tuple[int, ...]:
        return tuple(self._each)

    def size(self, sandbox: int) -> int:
        return self._each[sandbox].size(sandbox) if sandbox in self._each else 0

    def lines(self, sandbox: int, start: int, end: int) -> tuple[Line, ...]:
        return self._each[sandbox].lines(sandbox, start, end) if sandbox in self._each else ()


def test_all_of_a_long_recording_is_met_on_the_way_back() -> None:
    recording = BytesRecording(stream(2 * LINES_MOST + 5))
    chunk = newest(recording, plain)
    assert (len(chunk.entries), chunk.behind) == (LINES_MOST, Cursor(sandbox=1, offset=recording.size(1)))
    found = texts(chunk)
    while chunk.earlier is not None:
        chunk = before(recording, chunk.earlier, plain)
        found = texts(chunk) + found
    assert [text.split()[0] for text in found] == [str(n) for n in range(2 * LINES_MOST + 5)]


def test_and_on_the_way_forward() -> None:
    recording, cursor, found = BytesRecording(stream(700)), Cursor(sandbox=1, offset=0), list[str]()
    while (chunk := after(recording, cursor, plain)).entries:
        found += texts(chunk)
        cursor = chunk.behind
    assert len(found) == 700
    assert chunk.behind == cursor == Cursor(sandbox=1, offset=recording.size(1))


def test_long_lines_make_small_parts_and_the_longest_is_found() -> None:
    recording = BytesRecording(stream(5, 60_000))
    assert len(texts(newest(recording, plain))) == 2
    recording = BytesRecording(stream(1) + stream(1, 4 * WINDOW))
    chunk = newest(recording, plain)
    assert (len(texts(chunk)), chunk.earlier) == (2, None)


def test_sandboxes_follow_each_other() -> None:
    recording = Several(stream(1), b"", stream(2))
    last = newest(recording, plain)
    assert (texts(last), last.sandbox, last.earlier) == (["0 x", "1 x"], 3, Cursor(sandbox=3, offset=0))
    first = before(recording, Cursor(sandbox=3, offset=0), plain)
    assert (texts(first), first.sandbox, first.earlier) == (["0 x"], 1, None)
    assert texts(after(recording, first.behind, plain)) == ["0 x", "1 x"]
    assert after(recording, last.behind, plain) == Chunk(sandbox=3, behind=last.behind)


def test_nothing_was_written() -> None:
    assert newest(Several(), plain) == Chunk(sandbox=1, behind=Cursor(sandbox=1, offset=0))
    assert newest(Several(b""), plain).entries == ()
    assert before(Several(), Cursor(sandbox=7, offset=99), plain).entries == ()


def test_one_entry_is_had_whole_and_without_secrets() -> None:
    long = {"type": "assistant", "message": {"content": "s3cret\n" * 300}}
    recording = BytesRecording(b"odd\n" + json.dumps(long).encode() + b"\n")

    def redact(raw: bytes) -> bytes:
        return raw.replace(b"s3cret", b"[hidden]")

    odd, said = newest(recording, redact).entries
    assert isinstance(said.body, Said)
    assert isinstance(odd.body, Raw)
    assert said.body.text.is_cut
    entry = whole(recording, said.place, redact)
    assert entry is not None
    assert isinstance(entry.body, Said)
    assert entry.body.text.text == "\n".join(["[hidden]"] * 300)
    for nowhere in (Place(attempt=1, offset=1), Place(attempt=1, offset=4, block=1), Place(attempt=2, offset=0)):
        assert whole(recording, nowhere, redact) is None


def test_cursors() -> None:
    assert Cursor.parse("2-1024") == Cursor(sandbox=2, offset=1024)
    assert str(Cursor(sandbox=2, offset=1024)) == "2-1024"
    assert [Cursor.parse(text) for text in ("", "1", "1-", "-1-1", "1-1-1", "1-" + "9" * 20)] == [None] * 6
