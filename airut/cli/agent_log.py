"""An agent's event stream and its access log as lines for people. Every value in them is an enemy's."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from airut.cli.terminal import clean

TEXT_LINES = 200
RESULT_LINES = 20
"""Lines of one tool's output that are shown; the whole of it is in the transcript."""
LINE_MOST = 400
INPUTS = ("command", "file_path", "path", "pattern", "url", "query", "description", "prompt")
"""The field of a tool's input that says most, in this order."""

type Event = dict[str, Any]


class Line(NamedTuple):
    text: str
    style: str = ""


def event_lines(raw: bytes) -> Iterator[Line]:
    """What one line of `events.jsonl` says; nothing for events that say nothing to people."""
    event = _parsed(raw)
    if event is None:
        if raw.strip():
            yield Line("(a line that is no event)", "dim")
        return
    inner = "  ↳ " if event.get("parent_tool_use_id") else ""
    match event.get("type"), event.get("subtype"):
        case "system", "init":
            yield Line(f"session {_text(event, 'session_id')}, {_text(event, 'model')}", "dim")
        case "system", "api_retry":
            yield Line(f"the model API failed ({_text(event, 'error_status') or 'connection'}); trying again", "yellow")
        case "system", "compact_boundary":
            yield Line("the conversation was compacted", "dim")
        case (("assistant" | "user"), _):
            for block in _blocks(event):
                yield from (Line(inner + line.text, line.style) for line in _block_lines(block))
        case "result", _:
            yield _result_line(event)
        case _:
            return


def network_line(raw: bytes) -> Line | None:
    """One line of the access log; None for what is none."""
    entry = _parsed(raw)
    if entry is None:
        return None
    time, kind = _text(entry, "time")[11:19], _text(entry, "kind")
    blocked = entry.get("decision") == "blocked"
    if kind == "http":
        what = f"{_text(entry, 'method')} {_text(entry, 'scheme')}://{_text(entry, 'host')}{_text(entry, 'path')}"
        told = [_text(entry, "reason") if blocked else _text(entry, "status")]
        credentials = entry.get("credentials")
        if isinstance(credentials, list) and credentials:
            told.append("with " + ", ".join(str(name) for name in credentials))
    else:
        what = f"{kind} {_text(entry, 'name') or _text(entry, 'host')}".rstrip()
        told = [_text(entry, "reason") or _text(entry, "rcode")]
    verdict = "blocked" if blocked else _text(entry, "decision") or "-"
    words = " · ".join(_short(part) for part in told if part)
    return Line(f"{time}  {verdict:7}  {_short(what)}" + (f"  {words}" if words else ""), "red" if blocked else "")


def _block_lines(block: Event) -> Iterator[Line]:
    match block.get("type"):
        case "text":
            yield from (Line(line) for line in _lines(_text(block, "text"), TEXT_LINES))
        case "thinking":
            yield Line("(thinking)", "dim")
        case "tool_use":
            yield Line(f"▸ {_tool(block)}", "cyan")
        case "tool_result":
            failed = block.get("is_error") is True
            for line in _lines(_content(block.get("content")), RESULT_LINES):
                yield Line(f"  {'✗' if failed else '│'} {line}", "red" if failed else "dim")


def _result_line(event: Event) -> Line:
    failed = event.get("is_error") is not False
    seconds = _number(event, "duration_ms") / 1000
    parts = [
        f"failed: {_text(event, 'subtype') or _text(event, 'terminal_reason')}" if failed else "done",
        f"{int(_number(event, 'num_turns'))} turns",
        f"${_number(event, 'total_cost_usd'):.2f}",
        f"{int(seconds // 60)} min {int(seconds % 60)} s" if seconds >= 60 else f"{seconds:.0f} s",
    ]
    return Line("■ " + ", ".join(parts), "red" if failed else "green")


def _tool(block: Event) -> str:
    name, given = _short(_text(block, "name")) or "a tool", block.get("input")
    if not isinstance(given, dict):
        return name
    said = next((text for field in INPUTS if (text := _text(given, field).strip())), "")
    return f"{name}: {_short(' ⏎ '.join(said.splitlines()))}" if said else name


def _content(content: object) -> str:
    """The text of a tool's result, which is a string or a list of blocks."""
    if isinstance(content, str):
        return clean(content)
    if not isinstance(content, list):
        return ""
    blocks = [block for block in content if isinstance(block, dict)]
    return "\n".join(_text(block, "text") or f"({_text(block, 'type')})" for block in blocks)


def _lines(text: str, most: int) -> Iterator[str]:
    lines = text.strip("\n").split("\n")
    if not text.strip():
        return
    for line in lines[:most]:
        yield _short(line)
    if len(lines) > most:
        yield f"… {len(lines) - most} more lines"


def _blocks(event: Event) -> list[Event]:
    message = event.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _parsed(raw: bytes) -> Event | None:
    try:
        event = json.loads(raw.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _text(event: Event, field: str) -> str:
    value = event.get(field)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return clean(str(value))


def _number(event: Event, field: str) -> float:
    value = event.get(field)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12
    return float(value) if usable and value is not None else 0.0


def _short(text: str) -> str:
    return text if len(text) <= LINE_MOST else text[: LINE_MOST - 1] + "…"
