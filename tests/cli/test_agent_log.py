"""What people read of an agent's event stream, and that nothing in it gets hold of the terminal."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.cli.agent_log import Line, event_lines, network_line

RECORDINGS = Path(__file__).parent.parent / "adapters" / "claude_code" / "recordings"


def lines(event: object) -> list[Line]:
    return list(event_lines(json.dumps(event).encode()))


def said(*blocks: object, kind: str = "assistant", **more: object) -> object:
    return {"type": kind, "message": {"content": list(blocks)}, **more}


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (
            {"type": "system", "subtype": "init", "session_id": "s-1", "model": "opus"},
            [Line("session s-1, opus", "dim")],
        ),
        (
            said({"type": "text", "text": "I look.\n\nThen I write."}),
            [Line("I look."), Line(""), Line("Then I write.")],
        ),
        (
            said({"type": "tool_use", "name": "Bash", "input": {"description": "Test", "command": "make test\nls"}}),
            [Line("▸ Bash: make test ⏎ ls", "cyan")],
        ),
        (said({"type": "tool_use", "name": "Odd", "input": 7}), [Line("▸ Odd", "cyan")]),
        (
            said({"type": "tool_result", "content": [{"type": "text", "text": "ok"}, {"type": "image"}]}, kind="user"),
            [Line("  │ ok", "dim"), Line("  │ (image)", "dim")],
        ),
        (
            said({"type": "tool_result", "content": "no such file", "is_error": True}, kind="user"),
            [Line("  ✗ no such file", "red")],
        ),
        (
            said({"type": "text", "text": "Looking."}, parent_tool_use_id="toolu_1"),
            [Line("  ↳ Looking.")],
        ),
        (
            {
                "type": "result",
                "subtype": "success",
                "is_error": False,
                "num_turns": 3,
                "duration_ms": 190_400,
                "total_cost_usd": 0.4213,
            },
            [Line("■ done, 3 turns, $0.42, 3 min 10 s", "green")],
        ),
        (
            {"type": "result", "subtype": "error_max_turns", "is_error": True, "num_turns": 2},
            [Line("■ failed: error_max_turns, 2 turns, $0.00, 0 s", "red")],
        ),
        (
            {"type": "system", "subtype": "api_retry", "error_status": 529},
            [Line("the model API failed (529); trying again", "yellow")],
        ),
        ({"type": "stream_event"}, []),
        ([1], [Line("(a line that is no event)", "dim")]),
    ],
)
def test_events(event: object, shown: list[Line]) -> None:
    assert lines(event) == shown


def test_long_output_is_counted() -> None:
    text = "\n".join(str(number) for number in range(1000))
    shown = lines(said({"type": "tool_result", "content": text}, kind="user"))
    assert (len(shown), shown[-1].text) == (21, "  │ … 980 more lines")


def test_a_terminal_is_not_commanded() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe\r\x9b31m"
    shown = lines(said({"type": "text", "text": evil}, {"type": "tool_use", "name": evil, "input": {"command": evil}}))
    assert len(shown) == 2
    assert not any(character in line.text for line in shown for character in "\x1b\x07\x9b\u202e\r")


@pytest.mark.parametrize("recording", sorted(RECORDINGS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_recorded_runs_are_readable(recording: Path) -> None:
    shown = [line for raw in recording.read_bytes().splitlines() for line in event_lines(raw)]
    assert shown
    assert all(len(line.text) < 500 and "\n" not in line.text for line in shown)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "message", "content", "text", "input", "name"]), inner)
    ),
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_line_makes_it_fail(raw: bytes) -> None:
    list(event_lines(raw))
    network_line(raw)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        (
            {
                "time": "2026-03-29T12:00:01.234Z",
                "kind": "http",
                "decision": "allowed",
                "method": "GET",
                "scheme": "https",
                "host": "api.example.com",
                "path": "/v1",
                "status": 200,
                "credentials": ["SERVICE_TOKEN"],
            },
            Line("12:00:01  allowed  GET https://api.example.com/v1  200 · with SERVICE_TOKEN"),
        ),
        (
            {
                "time": "2026-03-29T12:00:02.000Z",
                "kind": "http",
                "decision": "blocked",
                "reason": "no_rule",
                "method": "GET",
                "scheme": "https",
                "host": "evil.example.net",
                "path": "/\x1b[2J",
            },
            Line("12:00:02  blocked  GET https://evil.example.net/\ufffd[2J  no_rule", "red"),
        ),
        (
            {
                "time": "2026-03-29T12:00:03.000Z",
                "kind": "dns",
                "name": "a.example.com",
                "rcode": "NOERROR",
                "decision": "allowed",
            },
            Line("12:00:03  allowed  dns a.example.com  NOERROR"),
        ),
    ],
)
def test_access_log(entry: object, shown: Line) -> None:
    assert network_line(json.dumps(entry).encode()) == shown
