"""`telemetry` in `airut.yaml`: where traces and metrics go, and how logs look."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator

from airut.config.reload_class import ReloadClass
from airut.models.base import Model

GRPC_PORT = 4317
"""Where collectors take OTLP over gRPC, by custom."""


def _collector(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https", "grpc", "grpcs"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no address of a collector; write http://host:4318 or grpc://host:4317")
    if parts.username or parts.password:
        raise ValueError("an address holds no user or password; OTEL_EXPORTER_OTLP_HEADERS takes a login")
    if parts.scheme in {"grpc", "grpcs"} and (parts.path.strip("/") or parts.port is None):
        raise ValueError(f"{url!r}: gRPC has a port and no path; write grpc://host:4317")
    if parts.scheme in {"http", "https"} and parts.port == GRPC_PORT:
        raise ValueError(f"port {GRPC_PORT} is that of gRPC; write grpc://{parts.hostname}:{GRPC_PORT}")
    return url


def _listening(address: str) -> str:
    host, separator, port = address.rpartition(":")
    if not separator or not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ValueError(f"{address!r} is no address to listen on; write 127.0.0.1:9464")
    return address


class TelemetrySettings(Model):
    """Traces, metrics and logs."""

    otlp_endpoint: Annotated[Annotated[str, AfterValidator(_collector)] | None, ReloadClass.RESTART] = None
    """Address of an OpenTelemetry collector for traces and metrics: `http://host:4318`, or `grpc://host:4317` (`grpcs`
    with TLS). null sends nothing anywhere."""
    prometheus: Annotated[Annotated[str, AfterValidator(_listening)] | None, ReloadClass.RESTART] = None
    """Where Prometheus reads the metrics of this host, such as `127.0.0.1:9464`; without a login."""
    log_format: Annotated[Literal["auto", "json", "text"], ReloadClass.RESTART] = "auto"
    """One JSON object a line, or text for people; `auto` is text on a terminal."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], ReloadClass.LIVE] = "info"
    """The least that is logged."""
    log_prompts: Annotated[bool, ReloadClass.LIVE] = False
    """Whether what agents are told is logged, without secrets: whoever reads the log then reads messages."""

    @property
    def scraped_at(self) -> tuple[str, int] | None:
        if self.prometheus is None:
            return None
        host, _, port = self.prometheus.rpartition(":")
        return host.strip("[]"), int(port)
