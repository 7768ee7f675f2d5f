"""Claude Code's event stream, folded into what is known of the run. Unknown events are counted and passed over.

The agent's tools can write to the stream: every value in it is taken for hostile, and what is not of the type and size
that it should be is passed over.
"""

import json
import re
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from airut.adapters.claude_code.questions import question_of
from airut.adapters.claude_code.values import (
    ERROR_LENGTH,
    Event,
    blocks_of,
    cut,
    model_of,
    name_of,
    number,
    short,
    text_of,
    whole,
)
from airut.models.tasks.agent import AgentProgress, AgentResultEvent, ApiError, PlanItem
from airut.models.tasks.outcome import Usage

KEPT = 20  # texts, and results: far more than a reply is made of
KEPT_CHARACTERS = 4 * 1024**2  # of all kept texts, and of all kept results, together

CALLS_MOST = 100  # at once; a model makes a handful
PLAN_MOST = 50  # lines of the to-do list; people read some ten

COST_MOST = 1e6  # US dollars of one model in one result
TOKENS_MOST = 10**12
TURNS_MOST = 10**6
MILLISECONDS_MOST = 1e10  # four months
SECONDS_MOST = 4e9  # since the epoch: the year 2096
STATUS_MOST = 999

SYNTHETIC = "<synthetic>"
USAGE_LIMIT = "usage_limit_reached"

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


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
        self.usage_limit = before.usage_limit
        self.answered = before.answered
        self.first_answer = before.first_answer
        self.open_calls = dict.fromkeys(before.open_calls)
        self.plan = before.plan

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
            usage_limit=self.usage_limit,
            in_tool=bool(self.open_calls),
            plan=self.plan,
            answered=self.answered,
            first_answer=self.first_answer,
            open_calls=tuple(self.open_calls)[-CALLS_MOST:],
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
                self._api_error(event)
            case "assistant", _:
                self._assistant(event)
            case "user", _:
                self._user(event)
            case "system", "api_retry":
                status = whole(event.get("error_status"), STATUS_MOST)
                self.last_step = f"waiting for the model ({status or 'connection lost'})"
            case "rate_limit_event", _:
                self._rate_limit(event)
            case "result", _:
                self.results.append(event)
                self.results_seen += 1
                self.open_calls.clear()
                self.usage = self.usage + _usage(event)
            case _:
                pass

    def _assistant(self, event: Event) -> None:
        if event.get("parent_tool_use_id"):
            return  # a sub-agent's: its words are for the agent, not for people
        if model_of(event) == SYNTHETIC:
            return  # Claude Code's own words, such as what became of a compaction
        self.api_error, self.usage_limit = None, False  # the model answers again
        self._answer(event)
        for block in blocks_of(event):
            if block.get("type") == "text" and (text := text_of(block.get("text"))):
                self.texts.append(text)
                self.last_step = short(text)
            elif block.get("type") == "tool_use":
                self.last_step = short(_tool_step(block))
                if call := name_of(block.get("id")):
                    self.open_calls[call] = None
                if block.get("name") == "TodoWrite":
                    self.plan = _plan(block.get("input"))

    def _user(self, event: Event) -> None:
        if event.get("parent_tool_use_id"):
            return
        for block in blocks_of(event):
            if block.get("type") == "tool_result":
                if block.get("is_error") is not True:  # the answer to a call that an earlier run put off, if it is one
                    self._answer(event)
                self.open_calls.pop(name_of(block.get("tool_use_id")) or "", None)

    def _answer(self, event: Event) -> None:
        said = event.get("uuid")
        if not self.answered and isinstance(said, str) and UUID.fullmatch(said):
            self.first_answer = said
        self.answered = True

    def _api_error(self, event: Event) -> None:
        self.api_error = _api_error(event)
        if self.api_error.cause == USAGE_LIMIT:
            self.usage_limit = True
            params = event.get("api_error_params")
            self._rate_limit(params if isinstance(params, dict) else {})

    def _rate_limit(self, event: Event) -> None:
        info = event.get("rate_limit_info")
        if isinstance(info, dict) and info.get("status", "rejected") == "rejected":  # else a limit that is not yet met
            self.usage_limit = True
            self.limit_resets_at = _resets_at(info) or self.limit_resets_at


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
    said = (text_of(error, ERROR_LENGTH) for error in errors[:KEPT]) if isinstance(errors, list) else ()
    return AgentResultEvent(
        subtype=name_of(event.get("subtype")) or "",
        is_error=event.get("is_error") is not False,
        # What commands of Claude Code's own say, such as `/compact`, has no turn of the model's, and is for nobody.
        text=(text_of(event.get("result")) or "") if event.get("num_turns") != 0 or event.get("is_error") else "",
        turns=whole(event.get("num_turns"), TURNS_MOST) or 0,
        deferred_tool=name_of(deferred.get("name")) if isinstance(deferred, dict) else None,
        question=question_of(deferred) if isinstance(deferred, dict) else None,
        api_error_status=whole(event.get("api_error_status"), STATUS_MOST),
        terminal_reason=name_of(event.get("terminal_reason")),
        errors=tuple(error for error in said if error),
    )


def _api_error(event: Event) -> ApiError:
    said = " ".join(text_of(block.get("text"), ERROR_LENGTH) or "" for block in blocks_of(event)[:KEPT])
    return ApiError(
        kind=name_of(event.get("error")) or "unknown",
        status=whole(event.get("api_error_status"), STATUS_MOST),
        cause=name_of(event.get("api_error")),
        type=name_of(event.get("api_error_type")),
        message=cut(said.strip(), ERROR_LENGTH),
    )


def _usage(event: Event) -> Usage:
    """Since the result before, which is what can be summed: `total_cost_usd` grows over a resumed session."""
    spent = event.get("model_usage_since_last_result")
    models = (
        {name: entry for name, entry in spent.items() if isinstance(entry, dict)} if isinstance(spent, dict) else {}
    )

    def tokens(field: str) -> int:
        return sum(whole(entry.get(field), TOKENS_MOST) or 0 for entry in models.values())

    costs = {name: number(entry.get("costUSD"), COST_MOST) for name, entry in models.items()}
    read = ("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
    return Usage(
        cost_usd=sum(costs.values()),
        turns=whole(event.get("num_turns"), TURNS_MOST) or 0,
        duration_s=number(event.get("duration_ms"), MILLISECONDS_MOST) / 1000,
        input_tokens=sum(map(tokens, read)),
        output_tokens=tokens("outputTokens"),
        web_searches=tokens("webSearchRequests"),
        model=name_of(max(costs, key=lambda name: costs[name], default=None)),
    )


def _plan(given: object) -> tuple[PlanItem, ...]:
    todos = given.get("todos") if isinstance(given, dict) else None
    entries = [todo for todo in todos[:PLAN_MOST] if isinstance(todo, dict)] if isinstance(todos, list) else []
    items = ((short(text_of(entry.get("content"), ERROR_LENGTH) or ""), entry.get("status")) for entry in entries)
    return tuple(PlanItem(text=text, state=name_of(state) or "pending") for text, state in items if text)


def _resets_at(info: Event) -> datetime | None:
    seconds = number(info.get("resetsAt"), SECONDS_MOST)
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _tool_step(block: Event) -> str:
    """`Bash: make test` rather than a tool's whole input."""
    name, given = name_of(block.get("name")) or "a tool", block.get("input")
    fields = ("description", "command", "file_path", "pattern", "url", "query", "prompt")
    texts = (text_of(given.get(field), ERROR_LENGTH) for field in fields) if isinstance(given, dict) else ()
    told = next((text for text in texts if text), "")
    return f"{name}: {told}" if told else name
