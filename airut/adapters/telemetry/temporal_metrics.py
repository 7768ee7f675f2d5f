"""The Temporal SDK's own metrics, carried over into ours: they leave by the same exporters, under their own names."""

import threading
from collections.abc import Sequence

from opentelemetry.metrics import Counter, Histogram
from opentelemetry.metrics import _Gauge as Gauge
from opentelemetry.sdk.metrics import MeterProvider
from temporalio.runtime import (
    BUFFERED_METRIC_KIND_COUNTER,
    BUFFERED_METRIC_KIND_GAUGE,
    BufferedMetric,
    BufferedMetricUpdate,
    MetricBuffer,
    MetricBufferDurationFormat,
)

BUFFER = 50_000
"""Updates between two looks: a busy worker makes some hundreds a second."""


def metric_buffer() -> MetricBuffer:
    return MetricBuffer(BUFFER, MetricBufferDurationFormat.SECONDS)


class TemporalMetrics:
    """Call `take_over` every few seconds, and before the metrics are read; from any thread."""

    def __init__(self, provider: MeterProvider, buffer: MetricBuffer) -> None:
        self._buffer = buffer
        self._taking = threading.Lock()
        self._meter = provider.get_meter("temporal")
        self._instruments: dict[str, Counter | Histogram | Gauge] = {}

    def take_over(self) -> None:
        with self._taking:
            self._take(self._buffer.retrieve_updates())

    def _take(self, updates: Sequence[BufferedMetricUpdate]) -> None:
        for update in updates:
            instrument = self._instruments.get(update.metric.name) or self._made(update.metric)
            if isinstance(instrument, Counter):
                instrument.add(update.value, update.attributes)
            elif isinstance(instrument, Histogram):
                instrument.record(update.value, update.attributes)
            else:
                instrument.set(update.value, update.attributes)

    def _made(self, metric: BufferedMetric) -> Counter | Histogram | Gauge:
        unit, doc = metric.unit or "", metric.description or ""
        made: Counter | Histogram | Gauge
        if metric.kind == BUFFERED_METRIC_KIND_COUNTER:
            made = self._meter.create_counter(metric.name, unit, doc)
        elif metric.kind == BUFFERED_METRIC_KIND_GAUGE:
            made = self._meter.create_gauge(metric.name, unit, doc)
        else:
            made = self._meter.create_histogram(metric.name, unit, doc)
        self._instruments[metric.name] = made
        return made
