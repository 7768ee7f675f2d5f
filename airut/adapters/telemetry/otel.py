"""Implements `Telemetry` with OpenTelemetry's SDK. Spans come here ended, with ids of their own: the SDK batches and
exports them, and makes none. Importing this costs a third of a second, which only those pay who want it."""

import logging
from collections.abc import Sequence
from datetime import datetime

from opentelemetry.metrics import Counter, Histogram, UpDownCounter
from opentelemetry.metrics import _Gauge as Gauge
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace import SpanContext as OtelContext

from airut.models.telemetry.metrics import METRICS, Kind, Metric
from airut.models.telemetry.spans import Span, SpanContext

EXPORT_LIMIT_MS = 5_000
"""For one batch: a collector that is away must not hold up a process that ends."""

Instrument = Counter | UpDownCounter | Histogram | Gauge

log = logging.getLogger(__name__)


class OpenTelemetry:
    """Without `spans` no trace is made; `readers` collect or export the metrics."""

    def __init__(self, process: str, host: str, spans: SpanExporter | None, readers: Sequence[MetricReader]) -> None:
        self.enabled = spans is not None
        self._resource = Resource.create(
            {"service.name": "airut", "service.instance.id": f"{process}@{host}", "host.name": host}
        )
        self._scope = InstrumentationScope("airut")
        self._spans = (
            BatchSpanProcessor(spans, export_timeout_millis=EXPORT_LIMIT_MS, schedule_delay_millis=1_000)
            if spans is not None
            else None
        )
        views = [
            View(instrument_name=metric.name, aggregation=ExplicitBucketHistogramAggregation(metric.bounds))
            for metric in METRICS
            if metric.bounds
        ]
        self.provider = MeterProvider(readers, self._resource, views=views, shutdown_on_exit=False)
        self._meter = self.provider.get_meter("airut")
        self._instruments = {metric.name: self._instrument(metric) for metric in METRICS}

    def span(self, span: Span) -> None:
        if self._spans is not None:
            self._spans.on_end(self._readable(span))

    def record(self, metric: Metric, value: float, **labels: str) -> None:
        if labels.keys() != set(metric.labels):
            log.error("%s has the labels %s, not %s", metric.name, metric.labels, sorted(labels))
            return
        instrument = self._instruments[metric.name]
        if isinstance(instrument, Counter | UpDownCounter):
            instrument.add(value, labels)
        elif isinstance(instrument, Histogram):
            instrument.record(value, labels)
        else:
            instrument.set(value, labels)

    def flush(self, limit_s: float) -> None:
        """Send what is left, within so many seconds, and end."""
        if self._spans is not None:
            self._spans.force_flush(int(limit_s * 1000))
            self._spans.shutdown()  # type: ignore[no-untyped-call]  # theirs
        self.provider.shutdown(limit_s * 1000)

    def _instrument(self, metric: Metric) -> Instrument:
        match metric.kind:
            case Kind.COUNTER:
                return self._meter.create_counter(metric.name, metric.unit, metric.doc)
            case Kind.SUM:
                return self._meter.create_up_down_counter(metric.name, metric.unit, metric.doc)
            case Kind.HISTOGRAM:
                return self._meter.create_histogram(metric.name, metric.unit, metric.doc)
            case Kind.GAUGE:
                return self._meter.create_gauge(metric.name, metric.unit, metric.doc)

    def _readable(self, span: Span) -> ReadableSpan:
        return ReadableSpan(
            name=span.name,
            context=_context(span.context),
            parent=_context(span.parent) if span.parent else None,
            resource=self._resource,
            attributes=span.attributes,
            links=[Link(_context(link)) for link in span.links],
            kind=SpanKind.CLIENT if span.client else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(),
            start_time=_nanoseconds(span.started),
            end_time=_nanoseconds(span.ended),
            instrumentation_scope=self._scope,
        )


def _context(context: SpanContext) -> OtelContext:
    return OtelContext(
        int(context.trace_id, 16), int(context.span_id, 16), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000
