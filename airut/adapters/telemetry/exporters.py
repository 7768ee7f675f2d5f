"""Exporters for `telemetry.otlp_endpoint`: OTLP over HTTP, or over gRPC. Headers, certificates and compression are read
from OpenTelemetry's own environment variables (`OTEL_EXPORTER_OTLP_HEADERS`, …)."""

from urllib.parse import urlsplit

from opentelemetry.sdk.metrics.export import MetricExporter
from opentelemetry.sdk.trace.export import SpanExporter


def exporters(endpoint: str) -> tuple[SpanExporter, MetricExporter]:
    """`http(s)://host:4318` and `grpc(s)://host:4317`."""
    parts = urlsplit(endpoint)
    if parts.scheme in ("grpc", "grpcs"):
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans

        insecure = parts.scheme == "grpc"
        return (
            GrpcSpans(endpoint=parts.netloc, insecure=insecure, timeout=5),
            GrpcMetrics(endpoint=parts.netloc, insecure=insecure, timeout=5),
        )
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans

    base = endpoint.rstrip("/")
    return HttpSpans(endpoint=f"{base}/v1/traces", timeout=5), HttpMetrics(endpoint=f"{base}/v1/metrics", timeout=5)
