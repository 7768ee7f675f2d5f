"""A model that plays scripts: enough of Anthropic's Messages API for the real Claude Code, without any account.

Scripts belong to API keys. A key that nobody registered gets the API's own 401, which is how a test proves that the
surrogate was swapped for the real key on the way.
"""

import asyncio
import hashlib
import json
import re
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue, ValidationError

from airut.demo import messages_answer
from airut.demo.http import Dropped, Request, Response, json_response
from airut.demo.messages_answer import failure
from airut.demo.messages_request import MessagesRequest, first_error
from airut.demo.script import FOREVER, Script, Step
from airut.models.base import Model

MODELS = ("claude-opus-5-5", "claude-sonnet-5", "claude-haiku-4-5")
BODIES_KEPT = 500  # a body is about 50 kB; older calls keep everything else


def fingerprint(key: str) -> str:
    """What records say instead of a key."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


class ModelCall(Model):
    """One request as it arrived. Secrets in headers are cut to their prefix."""

    at: float
    """Seconds since the epoch."""
    monotonic: float
    """CLOCK_MONOTONIC of this machine, the same in every process on it."""
    method: str
    path: str
    headers: dict[str, str]
    key: str | None
    """Fingerprint of the key that was presented."""
    known: bool
    """Was that key registered?"""
    kind: Literal["main", "side", "count_tokens", "other"] = "other"
    status: int = 0
    """0: the connection was cut instead of an answer."""
    step: int | None = None
    """Which step answered. None for a main call: the script was exhausted."""
    expected: bool | None = None
    """Did the body have the step's `expect` pattern?"""
    last_user_text: str = ""
    unknown_fields: tuple[str, ...] = ()
    peer: str = ""
    body: JsonValue = None


@dataclass
class _Play:
    """A script and how often each of its steps may still play."""

    script: Script
    left: list[int] = field(default_factory=list[int])

    def __post_init__(self) -> None:
        self.left = [step.repeat for step in self.script.steps]

    def take(self, request: MessagesRequest) -> tuple[int | None, Step]:
        for number, step in enumerate(self.script.steps):
            if self.left[number] == 0:
                continue
            if step.conversation and not re.search(step.conversation, request.user_text, re.DOTALL):
                continue
            found = re.search(step.match, request.last_user_text, re.DOTALL) if step.match else None
            if step.match and not found:
                continue
            if self.left[number] != FOREVER:
                self.left[number] -= 1
            groups = found.groupdict(default="") if found else {}
            return number, messages_answer.filled(step, groups)
        return None, self.script.exhausted


class ScriptedModel:
    """The API's behaviour, to be mounted on an `HttpServer` (or on the lab's internet) as `handle`."""

    def __init__(self) -> None:
        self._plays: dict[str, _Play] = {}
        self.calls: list[ModelCall] = []

    def register(self, key: str, script: Script) -> None:
        """Play this script for that key from its first step on."""
        self._plays[key] = _Play(script)

    def calls_of(self, key: str) -> tuple[ModelCall, ...]:
        return tuple(call for call in self.calls if call.key == fingerprint(key))

    def reset(self) -> None:
        self._plays.clear()
        self.calls.clear()

    async def handle(self, request: Request) -> Response:
        key = _presented_key(request)
        call = ModelCall(
            at=time.time(), monotonic=time.monotonic(), method=request.method, path=request.target,
            headers={name: _cut(name, value) for name, value in request.headers.items()},
            key=fingerprint(key) if key else None, known=key in self._plays, peer=request.peer[0],
        )  # fmt: skip
        call, answer, delay = self._answer(call, request, self._plays.get(key or ""))
        self.calls.append(call.model_copy(update={"status": answer.status if answer else 0}))
        if len(self.calls) > BODIES_KEPT:
            old = self.calls[-BODIES_KEPT - 1]
            self.calls[-BODIES_KEPT - 1] = old.model_copy(update={"body": None})
        await asyncio.sleep(delay)
        if answer is None:
            raise Dropped
        return answer

    def _answer(
        self, call: ModelCall, request: Request, play: _Play | None
    ) -> tuple[ModelCall, Response | None, float]:
        """The record completed, the answer (None: cut the connection), and seconds to wait before it."""
        if request.path in ("/", "/api/hello"):
            return call, json_response({"message": "hello"}), 0
        if play is None:
            return call, _unauthorized(request), 0
        if request.method == "GET" and request.path.startswith("/v1/models"):
            return call, _models(request.path), 0
        if request.method != "POST" or request.path not in ("/v1/messages", "/v1/messages/count_tokens"):
            return call, failure(404, "not_found_error", "Not found"), 0
        return self._message(call, request, play)

    def _message(self, call: ModelCall, request: Request, play: _Play) -> tuple[ModelCall, Response | None, float]:
        counting = request.path.endswith("/count_tokens")
        try:
            body = request.json()
            call = call.model_copy(update={"body": body})
            parsed = MessagesRequest.model_validate({"max_tokens": 1, **_object(body)} if counting else _object(body))
            if "anthropic-version" not in request.headers:
                raise ValueError("anthropic-version: header is required")
        except ValidationError as error:
            return call, failure(400, "invalid_request_error", first_error(error)), 0
        except ValueError as error:
            return call, failure(400, "invalid_request_error", str(error)), 0
        update: dict[str, object] = {
            "last_user_text": parsed.last_user_text,
            "unknown_fields": parsed.unknown_fields,
        }
        if counting:
            tokens = max(1, len(request.body) // 4)
            return (
                call.model_copy(update={**update, "kind": "count_tokens"}),
                json_response({"input_tokens": tokens}),
                0,
            )
        if parsed.is_side_call:
            number, step, kind = None, play.script.side, "side"
        else:
            (number, step), kind = play.take(parsed), "main"
        if step.expect:
            update["expected"] = bool(re.search(step.expect, json.dumps(body, ensure_ascii=False), re.DOTALL))
        call = call.model_copy(update={**update, "kind": kind, "step": number})
        return call, _play(step, parsed), step.delay


def _play(step: Step, request: MessagesRequest) -> Response | None:
    if step.drop or (step.drop_mid_stream and not request.stream):
        return None
    if step.error:
        return messages_answer.step_failure(step.error)
    if request.stream:
        headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
        return Response(200, _stream(step, request.model), headers)
    if step.stream_error:
        return failure(529, step.stream_error.type, step.stream_error.message)
    return json_response(messages_answer.message(step, request.model))


async def _stream(step: Step, model: str) -> AsyncGenerator[bytes]:
    for event in messages_answer.events(step, model):
        yield event
        if b"content_block_delta" in event[:40]:
            if step.drop_mid_stream:
                raise Dropped
            await asyncio.sleep(step.chunk_delay)


def _presented_key(request: Request) -> str | None:
    bearer = request.headers.get("authorization", "")
    return request.headers.get("x-api-key") or (bearer[7:] if bearer.lower().startswith("bearer ") else None)


def _unauthorized(request: Request) -> Response:
    if "x-api-key" in request.headers:
        return failure(401, "authentication_error", "invalid x-api-key")
    bearer = "authorization" in request.headers
    return failure(401, "authentication_error", "Invalid bearer token" if bearer else "x-api-key header is required")


def _models(path: str) -> Response:
    documents: list[JsonValue] = [
        {"type": "model", "id": name, "display_name": name, "created_at": "2026-01-01T00:00:00Z"} for name in MODELS
    ]
    if path == "/v1/models":
        return json_response({"data": documents, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})
    name = path.removeprefix("/v1/models/")
    if name in MODELS:
        return json_response(documents[MODELS.index(name)])
    return failure(404, "not_found_error", f"model: {name}")


def _object(body: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(body, dict):
        raise ValueError("body: Input should be a valid dictionary")
    return body


def _cut(name: str, value: str) -> str:
    return f"{value[:10]}…" if name in ("x-api-key", "authorization", "proxy-authorization", "cookie") else value
