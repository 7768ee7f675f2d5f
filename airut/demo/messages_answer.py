"""How an answer of Anthropic's Messages API is written down: errors, whole messages, and streams of events."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from pydantic import JsonValue

from airut.demo.http import Response, json_response
from airut.demo.script import ApiFailure, Step, ToolUse

CHUNK = 40  # characters of text or tool input in one event: a few events even for short answers


def failure(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as the API words it."""
    request_id = _id("req")
    document: JsonValue = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    return json_response(document, status, {"request-id": request_id, **(headers or {})})


def step_failure(error: ApiFailure) -> Response:
    return failure(error.status, error.type, error.message, error.headers)


def message(step: Step, model: str) -> dict[str, JsonValue]:
    """The whole answer as one document (a request without `stream`)."""
    return {
        **_empty_message(step, model),
        "content": list(_blocks(step)),
        "stop_reason": _stop_reason(step),
        "usage": dict(step.usage.model_dump()),
    }


def events(step: Step, model: str) -> Iterator[bytes]:
    """The same answer as server-sent events, one at a time."""
    yield _event({"type": "message_start", "message": _empty_message(step, model)})
    if step.stream_error:
        yield _event({"type": "error", "error": dict(step.stream_error.model_dump())})
        return
    yield _event({"type": "ping"})
    for index, block in enumerate(_blocks(step)):
        start, deltas = _pieces(block)
        yield _event({"type": "content_block_start", "index": index, "content_block": start})
        for delta in deltas:
            yield _event({"type": "content_block_delta", "index": index, "delta": delta})
        yield _event({"type": "content_block_stop", "index": index})
    stop: JsonValue = {"stop_reason": _stop_reason(step), "stop_sequence": None}
    tokens: JsonValue = {"output_tokens": step.usage.output_tokens}
    yield _event({"type": "message_delta", "delta": stop, "usage": tokens})
    yield _event({"type": "message_stop"})


def _event(document: dict[str, JsonValue]) -> bytes:
    return f"event: {document['type']}\ndata: {json.dumps(document)}\n\n".encode()


def _empty_message(step: Step, model: str) -> dict[str, JsonValue]:
    usage = {**step.usage.model_dump(), "output_tokens": 1}  # as the API does: the true count comes at the end
    return {
        "id": _id("msg"), "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": usage,
    }  # fmt: skip


def _blocks(step: Step) -> Iterator[dict[str, JsonValue]]:
    if step.thinking:
        yield {"type": "thinking", "thinking": step.thinking, "signature": "c2lnbmF0dXJl"}
    if step.text:
        yield {"type": "text", "text": step.text}
    for call in step.calls:
        yield {"type": "tool_use", "id": call.id or _id("toolu"), "name": call.name, "input": call.input}


def _pieces(block: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], list[JsonValue]]:
    """A content block as its opening and its deltas."""
    if block["type"] == "text":
        return {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in _cut(str(block["text"]))]
    if block["type"] == "thinking":
        return {**block, "thinking": "", "signature": ""}, [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    parts = _cut(json.dumps(block["input"]))
    return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": part} for part in parts]


def _cut(text: str) -> list[str]:
    return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)]


def _stop_reason(step: Step) -> str:
    return step.stop_reason or ("tool_use" if step.calls else "end_turn")


def _id(kind: str) -> str:
    return f"{kind}_{uuid4().hex[:24]}"


def filled(step: Step, groups: Mapping[str, str]) -> Step:
    """The step with `{{name}}` replaced by the groups that its `match` caught."""

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"\{\{(\w+)\}\}", lambda found: groups.get(found[1], found[0]), value)
        if isinstance(value, dict):
            return {name: fill(inner) for name, inner in value.items()}
        return [fill(inner) for inner in value] if isinstance(value, list) else value

    if not groups:
        return step
    calls = tuple(ToolUse(name=call.name, input=fill(call.input), id=call.id) for call in step.calls)
    return step.model_copy(update={"text": fill(step.text), "tool": None, "tools": calls})
