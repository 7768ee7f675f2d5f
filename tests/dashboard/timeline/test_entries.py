"""A stream's lines as entries; nothing of it is dropped, and nothing in it gets hold of the page."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.dashboard.timeline.clip import Clip
from airut.dashboard.timeline.entries import (
    Body,
    Call,
    Entry,
    Note,
    Place,
    Raw,
    Result,
    Said,
    Thought,
    entries_of,
    paired,
    time_of,
)
from airut.dashboard.timeline.tools import Shell

RECORDINGS = Path(__file__).parents[2] / "adapters" / "claude_code" / "recordings"
HERE = Place(attempt=1, offset=0)
SLOT = "66abbe3411ec1358"


def bodies(event: object, *, all_of_it: bool = False) -> list[Body]:
    return [entry.body for entry in entries_of(json.dumps(event).encode(), HERE, all_of_it=all_of_it)]


def said(*blocks: object, kind: str = "assistant", **more: object) -> dict[str, object]:
    return {"type": kind, "message": {"content": list(blocks)}, **more}


CALL = {"type": "tool_use", "id": "toolu_1", "name": "Bash", "input": {"command": "ls"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a\nb"}


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            {"type": "system", "subtype": "init", "model": "opus"},
            [Note(text="A session with opus begins, or goes on")],
        ),
        (
            {"type": "system", "subtype": "api_retry", "error_status": 529},
            [Note(text="The model API failed (529); trying again", tone="warn")],
        ),
        ({"type": "system", "subtype": "compact_boundary"}, [Note(text="The conversation was compacted")]),
        (said({"type": "text", "text": "**I look.**"}), [Said(text=Clip(text="**I look.**"))]),
        (said({"type": "thinking", "thinking": "Hm."}), [Thought(text=Clip(text="Hm."))]),
        (said(CALL), [Call(tool="Bash", view=Shell(command=Clip(text="ls")), slot=SLOT)]),
        (said(RESULT, kind="user"), [Result(slot=SLOT, content=Clip(text="a\nb"))]),
        (
            said({**RESULT, "is_error": True, "content": [{"type": "text", "text": "no"}, {"type": "image"}]}, kind="user"),
            [Result(slot=SLOT, content=Clip(text="no\n(image)"), failed=True)],
        ),
        ({"type": "user", "message": {"content": "Go on"}}, [Said(text=Clip(text="Go on"), by="user")]),
        (
            {"type": "result", "subtype": "success", "is_error": False, "num_turns": 3, "duration_ms": 190_400, "total_cost_usd": 0.4213},
            [Note(text="Done, 3 turns, $0.42, 3 min 10 s", tone="good")],
        ),
        (
            {"type": "result", "subtype": "error_max_turns", "is_error": True, "num_turns": 9, "duration_ms": 900, "total_cost_usd": "free"},
            [Note(text="Failed: error_max_turns, 9 turns, $0.00, 0 s", tone="bad")],
        ),
        ({"type": "system", "subtype": "status"}, [Raw(title="system/status", value=Clip(text='{\n  "type": "system",\n  "subtype": "status"\n}'))]),
        ({"type": "assistant", "message": 7}, [Raw(title="assistant", value=Clip(text='{\n  "type": "assistant",\n  "message": 7\n}'))]),
        ({"new": 1}, [Raw(title="an event without a type", value=Clip(text='{\n  "new": 1\n}'))]),
        (said({"type": "server_tool_use"}), [Raw(title="assistant/server_tool_use", value=Clip(text='{\n  "type": "server_tool_use"\n}'))]),
        (said("text"), [Raw(title="assistant/a block without a type", value=Clip(text='{\n  "value": "text"\n}'))]),
    ],
)  # fmt: skip
def test_events(event: object, shown: list[Body]) -> None:
    assert bodies(event) == shown


def test_a_line_that_is_no_event_is_shown_as_it_is() -> None:
    assert entries_of(b"{broken \xff", HERE) == (
        Entry(place=HERE, body=Raw(title="a line that is no event", value=Clip(text="{broken \ufffd"))),
    )
    assert entries_of(b" ", HERE) == ()


def test_an_entry_has_its_place_and_time() -> None:
    line = json.dumps(said(CALL, CALL, timestamp="2026-11-23T16:47:49.906Z", parent_tool_use_id="t")).encode()
    at = datetime(2026, 11, 23, 16, 47, 49, 906000, tzinfo=UTC)
    found = entries_of(line, Place(attempt=2, offset=70))
    assert [(str(entry.place), entry.at, entry.inner) for entry in found] == [
        ("2-70-0", at, True),
        ("2-70-1", at, True),
    ]
    assert (time_of(line), time_of(b"{}"), time_of(b'{"timestamp": "now"}'), time_of(b"[]")) == (at, None, None, None)
    assert Place.parse("2-70-1") == found[1].place
    assert [Place.parse(text) for text in ("", "1-2", "1-2-x", "1-2-3-4", "٣-1-1" * 9)] == [None] * 5


def test_a_result_stands_with_its_call() -> None:
    lines = [
        said(CALL),
        said({"type": "text", "text": "meanwhile"}),
        said(RESULT, kind="user"),
        said(RESULT, kind="user"),
    ]
    entries = tuple(
        entry
        for n, line in enumerate(lines)
        for entry in entries_of(json.dumps(line).encode(), Place(attempt=1, offset=n))
    )
    call, text, result, again = entries
    assert isinstance(call.body, Call)
    with_result = call.model_copy(
        update={"body": call.body.model_copy(update={"result": result.body}), "result_at": result.place}
    )
    assert paired(entries) == (with_result, text, again)
    assert paired((result, call)) == (result, call)
    assert paired((text, result)) == (text, result)


def test_what_is_cut_can_be_had_whole() -> None:
    long = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "\n".join("x" * 30)}
    (cut,), (whole,) = bodies(said(long, kind="user")), bodies(said(long, kind="user"), all_of_it=True)
    assert isinstance(cut, Result)
    assert isinstance(whole, Result)
    assert (cut.content.lines, whole.content.is_cut) == (10, False)


def test_recorded_streams_are_read_without_a_line_lost() -> None:
    for file in sorted(RECORDINGS.glob("*.jsonl")):
        for number, line in enumerate(file.read_bytes().splitlines()):
            assert entries_of(line, Place(attempt=1, offset=number)), f"{file.name}:{number + 1}"


@given(
    st.binary(max_size=200)
    | st.text().map(lambda text: json.dumps({"type": text, "message": {"content": text}, "timestamp": text}).encode())
)
def test_no_line_is_too_odd(line: bytes) -> None:  # fmt: skip
    for entry in entries_of(line, HERE):
        assert Entry.model_validate_json(entry.model_dump_json()) == entry


def test_deep_nesting_is_no_event() -> None:
    (entry,) = entries_of(b"[" * 200_000, HERE)
    assert isinstance(entry.body, Raw)
