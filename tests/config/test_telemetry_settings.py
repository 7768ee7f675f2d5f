"""Addresses of collectors and of Prometheus, and what is said of those that are none."""

import pytest
from pydantic import ValidationError

from airut.config.telemetry_settings import TelemetrySettings


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("otlp_endpoint", "collector:4318", "'collector:4318' is no address of a collector; write http://host:4318 or "
         "grpc://host:4317"),
        ("otlp_endpoint", "http://collector:4317", "port 4317 is that of gRPC; write grpc://collector:4317"),
        ("otlp_endpoint", "grpc://collector", "'grpc://collector': gRPC has a port and no path; write grpc://host:4317"),
        ("otlp_endpoint", "https://me:pw@collector", "an address holds no user or password; "
         "OTEL_EXPORTER_OTLP_HEADERS takes a login"),
        ("prometheus", "9464", "'9464' is no address to listen on; write 127.0.0.1:9464"),
        ("prometheus", "localhost:99999", "'localhost:99999' is no address to listen on; write 127.0.0.1:9464"),
    ],
)  # fmt: skip
def test_what_is_no_address(key: str, value: str, words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TelemetrySettings.model_validate({key: value})
    assert raised.value.errors()[0]["msg"] == f"Value error, {words}"


def test_what_is_one() -> None:
    for endpoint in ("http://collector:4318", "https://otlp.example.org/tenant", "grpc://127.0.0.1:4317"):
        assert TelemetrySettings(otlp_endpoint=endpoint).otlp_endpoint == endpoint
    assert TelemetrySettings(prometheus="[::1]:9464").scraped_at == ("::1", 9464)
    assert TelemetrySettings().scraped_at is None
