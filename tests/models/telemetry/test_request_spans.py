"""Lines of an access log as spans and numbers: whatever stands in them, labels are words of ours."""

import json
from datetime import UTC, datetime

from airut.models.telemetry.request_spans import SPANS_MOST, measurements, spans, word
from airut.models.telemetry.spans import Span, SpanContext, agent_of, span_id, trace_of

AGENT = agent_of("sandbox", trace_of("key"))


def log(*lines: dict[str, object]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def line(**fields: object) -> dict[str, object]:
    given = {"kind": "http", "time": "2026-01-01T00:00:01.000Z", "request_id": "R1", "method": "GET", "ms": 250}
    return {**given, "decision": "allowed", "host": "example.org", **fields}


def test_a_request_is_a_span_under_its_agent() -> None:
    (span,) = spans(log(line(rule="preset:npm", status=200, path="/x" * 200, port=443)), AGENT)
    assert span == Span(
        name="GET example.org",
        context=SpanContext(trace_id=AGENT.trace_id, span_id=span_id("request", "R1")),
        parent=AGENT,
        started=datetime(2026, 1, 1, 0, 0, 0, 750_000, UTC),
        ended=datetime(2026, 1, 1, 0, 0, 1, 0, UTC),
        attributes={
            "http.request.method": "GET", "server.address": "example.org", "server.port": 443,
            "url.path": ("/x" * 200)[:200], "http.response.status_code": 200, "airut.decision": "allowed",
            "airut.rule": "preset:npm", "airut.request_id": "R1",
        },
        client=True,
    )  # fmt: skip


def test_what_is_refused_is_an_error_and_what_makes_no_sense_is_passed_over() -> None:
    text = log(line(decision="blocked", reason="not_allowed"), {"kind": "dns"}, line(time="yesterday")) + b"{half"
    assert [(span.name, span.error) for span in spans(text, AGENT)] == [("GET example.org", "not_allowed")]


def test_an_agent_that_asks_for_more_has_no_more_spans_but_is_counted() -> None:
    text = log(*(line(request_id=f"R{number}") for number in range(SPANS_MOST + 5)))
    assert len(list(spans(text, AGENT))) == SPANS_MOST
    assert sum(each.metric.name == "airut.proxy.requests" for each in measurements(text, {})) == SPANS_MOST + 5


def test_numbers_of_a_request() -> None:
    text = log(
        line(credentials=["NPM_TOKEN", "GONE"], stripped=["authorization"], scrubbed=3),
        line(decision="blocked", reason="Evil host\n", ms="many"),
    )
    found = [(each.metric.name, each.value, each.labels) for each in measurements(text, {"NPM_TOKEN": "token"})]
    allowed, blocked = {"decision": "allowed", "reason": "none"}, {"decision": "blocked", "reason": "other"}
    assert found == [
        ("airut.proxy.requests", 1.0, allowed),
        ("airut.proxy.latency", 0.25, allowed),
        ("airut.credentials.swapped", 1.0, {"kind": "token"}),
        ("airut.credentials.swapped", 1.0, {"kind": "other"}),
        ("airut.credentials.stripped", 1.0, {"kind": "foreign"}),
        ("airut.credentials.scrubbed", 3.0, {"kind": "response"}),
        ("airut.proxy.requests", 1.0, blocked),
        ("airut.proxy.latency", 0.0, blocked),
    ]


def test_a_label_is_a_word_or_other() -> None:
    assert [word(value) for value in ("not_allowed", "x" * 41, "Host", 7, None, 'a"b')] == [
        "not_allowed", "other", "other", "other", "other", "other",
    ]  # fmt: skip
