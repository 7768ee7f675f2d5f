"""Metrics in Prometheus' text format, version 0.0.4."""

from collections.abc import Iterator, Mapping, Sequence

from opentelemetry.sdk.metrics.export import (
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    Sum,
)

from airut.models.telemetry.metrics import prometheus_name

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def rendered(data: MetricsData | None, process: str) -> str:
    """Each series has the process that it comes from as a label, so that a host's processes can be read as one."""
    families = [
        family
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for family in _family(metric, process)
    ]
    return "".join(sorted(families))


def merged(texts: Sequence[str]) -> str:
    """The metrics of several processes: each family once, with the series of all."""
    heads: dict[str, list[str]] = {}
    series: dict[str, list[str]] = {}
    for text in texts:
        name = ""
        for line in text.splitlines():
            if line.startswith("# "):
                name = line.split(" ", 3)[2]
                if line not in heads.setdefault(name, []) and len(heads[name]) < 2:
                    heads[name].append(line)
            elif line:
                series.setdefault(name, []).append(line)
    return "".join("\n".join((*heads[name], *series.get(name, ()))) + "\n" for name in sorted(heads))


def _family(metric: Metric, process: str) -> Iterator[str]:
    data = metric.data
    if isinstance(data, Sum):
        kind = "counter" if data.is_monotonic else "gauge"
    elif isinstance(data, Gauge):
        kind = "gauge"
    elif isinstance(data, Histogram):
        kind = "histogram"
    else:
        return
    name = prometheus_name(metric.name, metric.unit or "", total=kind == "counter")
    lines = [f"# HELP {name} {_help(metric.description or name)}", f"# TYPE {name} {kind}"]
    for point in data.data_points:
        if isinstance(point, HistogramDataPoint):
            lines += _histogram(name, point, process)
        elif isinstance(point, NumberDataPoint):
            lines.append(f"{name}{_labels(point.attributes, process)} {point.value}")
    yield "\n".join(lines) + "\n"


def _histogram(name: str, point: HistogramDataPoint, process: str) -> Iterator[str]:
    total = 0
    for bound, count in zip((*point.explicit_bounds, float("inf")), point.bucket_counts, strict=True):
        total += count
        upper = "+Inf" if bound == float("inf") else f"{bound:g}"
        yield f"{name}_bucket{_labels(point.attributes, process, le=upper)} {total}"
    yield f"{name}_sum{_labels(point.attributes, process)} {point.sum}"
    yield f"{name}_count{_labels(point.attributes, process)} {point.count}"


def _labels(attributes: Mapping[str, object] | None, process: str, **more: str) -> str:
    named = {**{name.replace(".", "_"): str(value) for name, value in (attributes or {}).items()}, "process": process}
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in {**named, **more}.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", " ")
