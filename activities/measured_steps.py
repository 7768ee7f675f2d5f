"""What the steps of a task say about themselves in numbers, once they have ended (spec: operations §4)."""

from collections.abc import Iterator
from datetime import datetime

from airut.contracts import stubs
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import AgentInput, ImageInput, ReplyInput
from airut.models.tasks.task import ReplyRecord
from airut.models.telemetry import metrics
from airut.models.telemetry.metrics import Measurement, Metric
from airut.models.telemetry.spans import Attribute, SpanContext, signal_of

IMAGE, AGENT = stubs.build_image.__name__, stubs.run_agent.__name__


def begun(step: str, order: object, tries: int, now: datetime) -> Iterator[Measurement]:
    """Of the task's first agent: how long its author has waited for it."""
    if step == AGENT and isinstance(order, AgentInput) and order.attempt == 1 and tries == 1:
        waited = (now - order.task.messages[0].received_at).total_seconds()
        yield _of(metrics.TASK_WAIT, max(waited, 0.0), repo=order.task.repo, outcome="started")


def ended(step: str, order: object, result: object, error: str, seconds: float) -> Iterator[Measurement]:
    """`error` is the kind of a failure; the empty string where there was none."""
    if step == IMAGE and isinstance(order, ImageInput):
        yield _of(metrics.IMAGE_BUILD, seconds, repo=order.repo, result=error or "ok")
    if isinstance(order, ReplyInput) and isinstance(result, ReplyRecord) and order.kind is ReplyKind.ANSWER:
        received = max(message.received_at for message in order.task.messages)
        latency = (result.delivered_at - received).total_seconds()
        yield _of(metrics.REPLY_LATENCY, max(latency, 0.0), channel=str(order.task.channel))


def attributes(order: object) -> dict[str, Attribute]:
    """What a span of the step says besides whose it is."""
    if isinstance(order, AgentInput):
        return {"airut.attempt": order.attempt, "airut.image": order.image}
    if isinstance(order, ReplyInput):
        return {"airut.reply": str(order.kind), "airut.outcome": str(order.outcome or "")}
    return {}


def links(order: object) -> tuple[SpanContext, ...]:
    """The message that was waited for has a trace of its own."""
    if isinstance(order, AgentInput) and order.answered_by is not None:
        return (signal_of(order.answered_by.key),)
    return ()


def _of(metric: Metric, value: float, **labels: str) -> Measurement:
    return Measurement(metric=metric, value=value, labels=labels)
