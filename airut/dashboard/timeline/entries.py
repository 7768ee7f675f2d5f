"""An agent's event stream, or its session's transcript, as the entries of a timeline. Every value is an enemy's."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from airut.adapters.claude_code.stream import COST_MOST, MILLISECONDS_MOST, STATUS_MOST, TURNS_MOST
from airut.adapters.claude_code.values import Event, name_of, number, text_of, whole
from airut.dashboard.timeline.clip import LINES, TEXT_LINES, Clip, clip
from airut.dashboard.timeline.tools import View, as_json, view_of
from airut.models.base import Model
from airut.models.values.visible import clean


class Place(Model):
    """Where an entry stands: which sandbox, the byte at which its line begins, and which block of the line."""

    attempt: int
    offset: int
    block: int = 0

    def __str__(self) -> str:
        return f"{self.attempt}-{self.offset}-{self.block}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """Of `2-1024-0`."""
        named = _PLACE.fullmatch(text)
        return cls(attempt=int(named[1]), offset=int(named[2]), block=int(named[3])) if named else None


_PLACE = re.compile(r"(\d{1,6})-(\d{1,12})-(\d{1,6})")


class Said(Model):
    """`text` is Markdown. `by`: the agent, or whoever it is told something by."""

    kind: Literal["said"] = "said"
    text: Clip
    by: Literal["agent", "user"] = "agent"


class Thought(Model):
    kind: Literal["thought"] = "thought"
    text: Clip


class Result(Model):
    """What a tool answered. `slot` is that of its call."""

    kind: Literal["result"] = "result"
    slot: str
    content: Clip
    failed: bool = False


class Call(Model):
    """`result` is there where it has come by now; `slot` is where one that comes later goes."""

    kind: Literal["call"] = "call"
    tool: str
    view: View
    slot: str
    result: Result | None = None


class Note(Model):
    kind: Literal["note"] = "note"
    text: str
    tone: Literal["", "good", "bad", "warn"] = ""


class Raw(Model):
    """An event that has no view of its own."""

    kind: Literal["raw"] = "raw"
    title: str
    value: Clip


type Body = Said | Thought | Call | Result | Note | Raw


class Entry(Model):
    place: Place
    at: datetime | None = None
    inner: bool = False
    """Of a sub-agent."""
    body: Body
    result_at: Place | None = None
    """Where the call's result stands, which is then shown with the call."""


def entries_of(line: bytes, place: Place, *, all_of_it: bool = False) -> tuple[Entry, ...]:
    """What one line of a stream says. `all_of_it`: uncut."""
    event = _parsed(line)
    if event is None:
        if not line.strip():
            return ()
        text = clip(line[: 1024**2].decode(errors="replace"), None if all_of_it else LINES)
        return (Entry(place=place, body=Raw(title="a line that is no event", value=text)),)
    at, inner = _time(event), bool(event.get("parent_tool_use_id"))
    return tuple(
        Entry(place=place.model_copy(update={"block": block}), at=at, inner=inner, body=body)
        for block, body in enumerate(_bodies(event, place.attempt, all_of_it))
    )


def paired(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Each result with the call before it that it answers; the others stay where they are."""
    found: list[Entry] = []
    open_calls: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry.body, Result) and (at := open_calls.pop(entry.body.slot, None)) is not None:
            call = found[at]
            body = call.body.model_copy(update={"result": entry.body})
            found[at] = call.model_copy(update={"body": body, "result_at": entry.place})
            continue
        if isinstance(entry.body, Call):
            open_calls.setdefault(entry.body.slot, len(found))
        found.append(entry)
    return tuple(found)


def time_of(line: bytes) -> datetime | None:
    """When a line of a transcript was written."""
    event = _parsed(line)
    return _time(event) if event else None


def _bodies(event: Event, attempt: int, all_of_it: bool) -> Iterator[Body]:
    match event.get("type"), event.get("subtype"):
        case "system", "init":
            model = _name(event.get("model")) or "a model"
            yield Note(text=f"A session with {model} begins, or goes on")
        case "system", "api_retry":
            status = whole(event.get("error_status"), STATUS_MOST)
            yield Note(text=f"The model API failed ({status or 'no connection'}); trying again", tone="warn")
        case "system", "compact_boundary":
            yield Note(text="The conversation was compacted")
        case (("assistant" | "user") as role, _) if (blocks := _blocks(event)) is not None:
            for block in blocks:
                yield _block(block, role, attempt, all_of_it)
        case "result", _:
            yield _ended(event)
        case kind, subtype:
            title = "/".join(filter(None, (_name(kind), _name(subtype)))) or "an event without a type"
            yield Raw(title=title, value=as_json(event, None if all_of_it else LINES))


def _block(block: Event, role: str, attempt: int, all_of_it: bool) -> Body:
    lines = None if all_of_it else LINES
    match block.get("type"):
        case "text" if (text := text_of(block.get("text"))) is not None:
            by: Literal["agent", "user"] = "agent" if role == "assistant" else "user"
            return Said(text=clip(text, None if all_of_it else TEXT_LINES), by=by)
        case "thinking" if (text := text_of(block.get("thinking"))) is not None:
            return Thought(text=clip(text, lines))
        case "tool_use" if tool := _name(block.get("name")):
            return Call(tool=tool, view=view_of(tool, block.get("input"), lines), slot=_slot(attempt, block.get("id")))
        case "tool_result":
            return Result(
                slot=_slot(attempt, block.get("tool_use_id")),
                content=clip(_content(block.get("content")), lines),
                failed=block.get("is_error") is True,
            )
        case kind:
            return Raw(title=f"{role}/{_name(kind) or 'a block without a type'}", value=as_json(block, lines))


def _ended(event: Event) -> Note:
    failed = event.get("is_error") is not False
    seconds = int(number(event.get("duration_ms"), MILLISECONDS_MOST) / 1000)
    reason = _name(event.get("subtype")) or _name(event.get("terminal_reason"))
    parts = [
        (f"Failed: {reason}" if reason else "Failed") if failed else "Done",
        f"{whole(event.get('num_turns'), TURNS_MOST) or 0} turns",
        f"${number(event.get('total_cost_usd'), COST_MOST):.2f}",
        f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s",
    ]
    return Note(text=", ".join(parts), tone="bad" if failed else "good")


def _content(content: object) -> str:
    """The text of a tool's result, which is a string or a list of blocks."""
    if isinstance(content, str):
        return text_of(content) or ""
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    return "\n".join(text_of(block.get("text")) or f"({_name(block.get('type')) or 'nothing'})" for block in blocks)


def _blocks(event: Event) -> list[Event] | None:
    """None where the event is not what its type says."""
    message = event.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        return None
    return [block if isinstance(block, dict) else {"value": block} for block in content]


def _slot(attempt: int, call: object) -> str:
    """A name for the place of a call's result that no agent can choose."""
    return sha256(f"{attempt}/{call if isinstance(call, str) else ''}".encode("utf-8", "replace")).hexdigest()[:16]


def _time(event: Event) -> datetime | None:
    said = event.get("timestamp")
    if not isinstance(said, str) or len(said) > 40:
        return None
    try:
        found = datetime.fromisoformat(said)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _name(value: object) -> str:
    return clean(name_of(value) or "")


def _parsed(line: bytes) -> Event | None:
    try:
        event = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
