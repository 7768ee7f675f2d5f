"""Claude Code's event stream, folded into what is known of the run. Unknown events are counted and passed over.

The agent's tools can write to the stream: every value in it is taken for hostile, and what is not of the type and size
that it should be is passed over.
"""

import json
import math
import re
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airut.models.agent import AgentProgress, AgentResultEvent, ApiError
from airut.models.outcome import Usage

KEPT = 20  # texts, and results: far more than a reply is made of
KEPT_CHARACTERS = 4 * 1024**2  # of all kept texts, and of all kept results, together
TEXT_LENGTH = 2 * 1024**2  # characters; what a model says in one go is below 1 MB
ERROR_LENGTH = 2_000
NAME_LENGTH = 200  # of tools, models and kinds of errors
STEP_LENGTH = 100

COST_MOST = 1e6  # US dollars of one model in one result
TOKENS_MOST = 10**12
TURNS_MOST = 10**6
MILLISECONDS_MOST = 1e10  # four months
SECONDS_MOST = 4e9  # since the epoch: the year 2096
STATUS_MOST = 999

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

type Event = dict[str, Any]


def fold(before: AgentProgress, lines: bytes) -> AgentProgress:
    """What is known after these whole lines. Never raises: a broken line is counted."""
    known = _Known(before)
    for line in lines.split(b"\n"):
        if line.strip():
            known.take(line)
    return known.frozen()


class _Known:
    """`AgentProgress` while it changes: one copy for many lines."""

    def __init__(self, before: AgentProgress) -> None:
        self.before = before
        self.session_id = before.session_id
        self.events = before.events
        self.unreadable = before.unreadable
        self.texts = deque(before.texts, KEPT)
        self.last_step = before.last_step
        self.results: deque[Event] = deque(maxlen=KEPT)  # those of these lines; most may never be kept
        self.results_seen = len(before.results) + before.results_dropped
        self.api_error = before.api_error
        self.usage = before.usage
        self.limit_resets_at = before.limit_resets_at

    def frozen(self) -> AgentProgress:
        results = [*self.before.results, *map(_result, self.results)]
        kept = results[-_fitting([len(result.text) for result in results]) :]
        texts = list(self.texts)
        return AgentProgress(
            session_id=self.session_id,
            events=self.events,
            unreadable=self.unreadable,
            texts=tuple(texts[-_fitting([len(text) for text in texts]) :]),
            last_step=self.last_step,
            results=tuple(kept),
            results_dropped=self.results_seen - len(kept),
            api_error=self.api_error,
            usage=self.usage,
            limit_resets_at=self.limit_resets_at,
        )

    def take(self, line: bytes) -> None:
        event = _parse(line)
        if event is None:
            self.unreadable += 1
            return
        self.events += 1
        self.session_id = _session_id(event) or self.session_id
        match event.get("type"), event.get("subtype"):
            case "assistant", _ if event.get("is_api_error_message") or event.get("error"):
                self.api_error = _api_error(event)
            case "assistant", _:
                self._assistant(event)
            case "system", "api_retry":
                status = _whole(event.get("error_status"), STATUS_MOST)
                self.last_step = f"waiting for the model ({status or 'connection lost'})"
            case "rate_limit_event", _:
                self.limit_resets_at = _resets_at(event) or self.limit_resets_at
            case "result", _:
                self.results.append(event)
                self.results_seen += 1
                self.usage = self.usage + _usage(event)
            case _:
                pass

    def _assistant(self, event: Event) -> None:
        if event.get("parent_tool_use_id"):
            return  # a sub-agent's: its words are for the agent, not for people
        self.api_error = None  # the model answers again
        for block in _blocks(event):
            if block.get("type") == "text" and (text := _text(block.get("text"))):
                self.texts.append(text)
                self.last_step = _short(text)
            elif block.get("type") == "tool_use":
                self.last_step = _short(_tool_step(block))


def _fitting(lengths: Sequence[int]) -> int:
    """How many of the newest are kept: always the newest one."""
    total = 0
    for count, length in enumerate(reversed(lengths)):
        total += length
        if count and (count == KEPT or total > KEPT_CHARACTERS):
            return count
    return len(lengths)


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line.decode(errors="replace"), parse_constant=_nothing)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _nothing(_: str) -> None:
    """What `NaN` and `Infinity` are worth, which JSON does not have."""


def _session_id(event: Event) -> str | None:
    said = event.get("session_id")
    return said if isinstance(said, str) and UUID.fullmatch(said) else None


def _result(event: Event) -> AgentResultEvent:
    deferred = event.get("deferred_tool_use")
    errors = event.get("errors")
    said = (_text(error, ERROR_LENGTH) for error in errors[:KEPT]) if isinstance(errors, list) else ()
    return AgentResultEvent(
        subtype=_name(event.get("subtype")) or "",
        is_error=event.get("is_error") is not False,
        text=_text(event.get("result")) or "",
        turns=_whole(event.get("num_turns"), TURNS_MOST) or 0,
        deferred_tool=_name(deferred.get("name")) if isinstance(deferred, dict) else None,
        api_error_status=_whole(event.get("api_error_status"), STATUS_MOST),
        terminal_reason=_name(event.get("terminal_reason")),
        errors=tuple(error for error in said if error),
    )


def _api_error(event: Event) -> ApiError:
    said = " ".join(_text(block.get("text"), ERROR_LENGTH) or "" for block in _blocks(event)[:KEPT])
    return ApiError(
        kind=_name(event.get("error")) or "unknown",
        status=_whole(event.get("api_error_status"), STATUS_MOST),
        cause=_name(event.get("api_error")),
        message=_cut(said.strip(), ERROR_LENGTH),
    )


def _usage(event: Event) -> Usage:
    """Since the result before, which is what can be summed: `total_cost_usd` grows over a resumed session."""
    spent = event.get("model_usage_since_last_result")
    models = (
        {name: entry for name, entry in spent.items() if isinstance(entry, dict)} if isinstance(spent, dict) else {}
    )

    def tokens(field: str) -> int:
        return sum(_whole(entry.get(field), TOKENS_MOST) or 0 for entry in models.values())

    costs = {name: _number(entry.get("costUSD"), COST_MOST) for name, entry in models.items()}
    read = ("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
    return Usage(
        cost_usd=sum(costs.values()),
        turns=_whole(event.get("num_turns"), TURNS_MOST) or 0,
        duration_s=_number(event.get("duration_ms"), MILLISECONDS_MOST) / 1000,
        input_tokens=sum(map(tokens, read)),
        output_tokens=tokens("outputTokens"),
        web_searches=tokens("webSearchRequests"),
        model=_name(max(costs, key=lambda name: costs[name], default=None)),
    )


def _resets_at(event: Event) -> datetime | None:
    info = event.get("rate_limit_info")
    seconds = _number(info.get("resetsAt"), SECONDS_MOST) if isinstance(info, dict) else 0.0
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _tool_step(block: Event) -> str:
    """`Bash: make test` rather than a tool's whole input."""
    name, given = _name(block.get("name")) or "a tool", block.get("input")
    fields = ("description", "command", "file_path", "pattern", "url", "query", "prompt")
    texts = (_text(given.get(field), ERROR_LENGTH) for field in fields) if isinstance(given, dict) else ()
    told = next((text for text in texts if text), "")
    return f"{name}: {told}" if told else name


def _blocks(event: Event) -> list[Event]:
    message = event.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _short(text: str) -> str:
    return _cut(" ".join(text[: 10 * STEP_LENGTH].split()), STEP_LENGTH)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _text(value: object, length: int = TEXT_LENGTH) -> str | None:
    """A text without lone surrogates, which nothing after us can encode. One that is cut says so."""
    if not isinstance(value, str):
        return None
    text = value[:length].encode("utf-8", "replace").decode()
    return text if len(value) <= length else f"{text}\n\n… ({len(value) - length:,} more characters were cut off)"


def _name(value: object) -> str | None:
    return _cut(text, NAME_LENGTH) if (text := _text(value)) is not None else None


def _whole(value: object, most: int) -> int | None:
    return int(number) if (number := _finite(value, most)) is not None and number == int(number) else None


def _number(value: object, most: float) -> float:
    return float(_finite(value, most) or 0.0)


def _finite(value: object, most: float) -> int | float | None:
    """A number from 0 to `most`; None for any other value, NaN among them."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if 0 <= value <= most else None
