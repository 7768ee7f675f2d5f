"""Claude Code's event stream, folded into what is known of the run. Unknown events are counted and passed over."""

import json
from datetime import UTC, datetime
from typing import Any

from airut.models.agent import AgentProgress, AgentResultEvent, ApiError
from airut.models.outcome import Usage

TEXTS_KEPT = 20
STEP_LENGTH = 100

type Event = dict[str, Any]


def fold(before: AgentProgress, lines: bytes) -> AgentProgress:
    """What is known after these whole lines. Never raises: a broken line is counted."""
    known = _Known(before)
    for line in lines.splitlines():
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
        self.texts = list(before.texts)
        self.last_step = before.last_step
        self.results = list(before.results)
        self.api_error = before.api_error
        self.usage = before.usage
        self.limit_resets_at = before.limit_resets_at

    def frozen(self) -> AgentProgress:
        return AgentProgress(
            session_id=self.session_id,
            events=self.events,
            unreadable=self.unreadable,
            texts=tuple(self.texts[-TEXTS_KEPT:]),
            last_step=self.last_step,
            results=tuple(self.results),
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
        self.session_id = _text(event.get("session_id")) or self.session_id
        match event.get("type"), event.get("subtype"):
            case "assistant", _ if event.get("is_api_error_message") or event.get("error"):
                self.api_error = _api_error(event)
            case "assistant", _:
                self._assistant(event)
            case "system", "api_retry":
                status = _whole(event.get("error_status"))
                self.last_step = f"waiting for the model ({status or 'connection lost'})"
            case "rate_limit_event", _:
                self.limit_resets_at = _resets_at(event) or self.limit_resets_at
            case "result", _:
                self._result(event)
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

    def _result(self, event: Event) -> None:
        deferred = event.get("deferred_tool_use")
        errors = event.get("errors")
        self.results.append(
            AgentResultEvent(
                subtype=_text(event.get("subtype")) or "",
                is_error=event.get("is_error") is not False,
                text=_text(event.get("result")) or "",
                turns=_whole(event.get("num_turns")) or 0,
                deferred_tool=_text(deferred.get("name")) if isinstance(deferred, dict) else None,
                api_error_status=_whole(event.get("api_error_status")),
                terminal_reason=_text(event.get("terminal_reason")),
                errors=tuple(str(error) for error in errors) if isinstance(errors, list) else (),
            )
        )
        self.usage = self.usage + _usage(event)


def _parse(line: bytes) -> Event | None:
    try:
        event = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _api_error(event: Event) -> ApiError:
    said = " ".join(_text(block.get("text")) or "" for block in _blocks(event))
    return ApiError(
        kind=_text(event.get("error")) or "unknown",
        status=_whole(event.get("api_error_status")),
        cause=_text(event.get("api_error")),
        message=said.strip()[:2000],
    )


def _usage(event: Event) -> Usage:
    """Since the result before, which is what can be summed: `total_cost_usd` grows over a resumed session."""
    spent = event.get("model_usage_since_last_result")
    models = (
        {name: entry for name, entry in spent.items() if isinstance(entry, dict)} if isinstance(spent, dict) else {}
    )

    def total(field: str) -> float:
        return sum(_number(entry.get(field)) for entry in models.values())

    read = ("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
    return Usage(
        cost_usd=total("costUSD"),
        turns=_whole(event.get("num_turns")) or 0,
        duration_s=_number(event.get("duration_ms")) / 1000,
        input_tokens=int(sum(total(field) for field in read)),
        output_tokens=int(total("outputTokens")),
        web_searches=int(total("webSearchRequests")),
        model=max(models, key=lambda name: _number(models[name].get("costUSD")), default=None),
    )


def _resets_at(event: Event) -> datetime | None:
    info = event.get("rate_limit_info")
    seconds = _number(info.get("resetsAt")) if isinstance(info, dict) else 0.0
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


def _tool_step(block: Event) -> str:
    """`Bash: make test` rather than a tool's whole input."""
    given = block.get("input")
    fields = ("description", "command", "file_path", "pattern", "url", "query", "prompt")
    told = next((given[field] for field in fields if given.get(field)), "") if isinstance(given, dict) else ""
    return f"{block.get('name')}: {told}" if told else str(block.get("name"))


def _blocks(event: Event) -> list[Event]:
    message = event.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= STEP_LENGTH else line[: STEP_LENGTH - 1] + "…"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
