"""Where traces and metrics go."""

from contextvars import ContextVar
from typing import Protocol

from airut.models.base import Model
from airut.models.telemetry.metrics import Metric
from airut.models.telemetry.spans import Span, SpanContext


class Active(Model):
    """What this code is done for: log lines carry it."""

    repo: str = ""
    thread: str = ""
    task: str = ""
    span: SpanContext | None = None


ACTIVE: ContextVar[Active | None] = ContextVar("airut_active", default=None)
"""Set around each activity and each hand-over."""


class Telemetry(Protocol):
    """Neither method waits for anything, nor raises: what cannot be sent is dropped."""

    enabled: bool
    """Whether traces go anywhere: agents are told their place in one only then."""

    def span(self, span: Span) -> None: ...

    def record(self, metric: Metric, value: float, **labels: str) -> None:
        """Labels are those of the metric, all of them."""
        ...


class Silence:
    """Implements `Telemetry` for who wants none."""

    enabled = False

    def span(self, span: Span) -> None:  # noqa: ARG002  # it is the port's
        return

    def record(self, metric: Metric, value: float, **labels: str) -> None:  # noqa: ARG002  # it is the port's
        return
