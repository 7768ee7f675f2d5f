"""An access log's lines as spans and numbers. The proxy knows nothing of either: it writes lines, these are read."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from airut.models.telemetry import metrics
from airut.models.telemetry.metrics import Measurement
from airut.models.telemetry.spans import Attribute, Span, SpanContext, span_id

SPANS_MOST = 2_000
"""Of one sandbox: an agent that asks for more has shown by then what it asks for. Numbers count all."""

_WORD = re.compile(r"[a-z][a-z_-]{0,39}")
OTHER = "other"


def requests(log: bytes) -> Iterator[dict[str, Any]]:
    """What was asked for, line by line. One that does not parse is passed over: the log may be cut where a disk was
    full."""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and entry.get("kind") == "http":
            yield entry


def spans(log: bytes, agent: SpanContext) -> Iterator[Span]:
    """One for each request, under the agent that made it."""
    for number, entry in enumerate(requests(log)):
        if number == SPANS_MOST:
            return
        try:
            ended = datetime.fromisoformat(str(entry.get("time")))
        except ValueError:
            continue
        yield Span(
            name=f"{_text(entry, 'method') or 'request'} {_text(entry, 'host')}".strip(),
            context=SpanContext(
                trace_id=agent.trace_id, span_id=span_id("request", str(entry.get("request_id") or number))
            ),
            parent=agent,
            started=ended - timedelta(milliseconds=_number(entry, "ms")),
            ended=ended,
            attributes=_attributes(entry),
            error=_text(entry, "reason") if entry.get("decision") == "blocked" else _text(entry, "error"),
            client=True,
        )


def measurements(log: bytes, kinds: Mapping[str, str]) -> Iterator[Measurement]:
    """`kinds` are those of the sandbox's credentials, by name. Names of ours are labels, hosts are none."""
    for entry in requests(log):
        labels = {"decision": word(entry.get("decision")), "reason": word(entry.get("reason"), "none")}
        yield Measurement(metric=metrics.PROXY_REQUESTS, value=1, labels=labels)
        yield Measurement(metric=metrics.PROXY_LATENCY, value=_number(entry, "ms") / 1000, labels=labels)
        for name in _names(entry, "credentials"):
            yield Measurement(metric=metrics.SWAPPED, value=1, labels={"kind": kinds.get(name, OTHER)})
        if stripped := len(_names(entry, "stripped")):
            yield Measurement(metric=metrics.STRIPPED, value=stripped, labels={"kind": "foreign"})
        if scrubbed := _number(entry, "scrubbed"):
            yield Measurement(metric=metrics.SCRUBBED, value=scrubbed, labels={"kind": "response"})


def word(value: object, otherwise: str = OTHER) -> str:
    """A word of ours, for a label; whatever is none becomes `other`."""
    if value is None:
        return otherwise
    return value if isinstance(value, str) and _WORD.fullmatch(value) else OTHER


def _attributes(entry: dict[str, Any]) -> dict[str, Attribute]:
    """By OpenTelemetry's names, where it has some. The path may hold what an agent wants to be there: it is cut."""
    found: dict[str, Attribute | None] = {
        "http.request.method": _text(entry, "method"),
        "server.address": _text(entry, "host"),
        "server.port": entry.get("port") if isinstance(entry.get("port"), int) else None,
        "url.path": _text(entry, "path")[:200],
        "http.response.status_code": entry.get("status") if isinstance(entry.get("status"), int) else None,
        "airut.decision": _text(entry, "decision"),
        "airut.rule": _text(entry, "rule"),
        "airut.reason": _text(entry, "reason"),
        "airut.request_id": _text(entry, "request_id"),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _number(entry: dict[str, Any], name: str) -> float:
    value = entry.get(name)
    return float(value) if isinstance(value, int | float) and value >= 0 else 0.0


def _names(entry: dict[str, Any], name: str) -> list[str]:
    value = entry.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
