"""What happens to one message, as a trace. Its ids follow from the message and the task, so that every process, every
attempt and every restart finds the same ones, and nothing has to be kept for it."""

import hashlib
import re
from datetime import datetime

from airut.models.base import Model
from airut.models.tasks.task import TaskInput

Attribute = str | int | float | bool

INTAKE, SIGNAL, WORKFLOW, SANDBOX, AGENT = "intake.receive", "signal", "workflow", "sandbox.start", "agent.run"


class SpanContext(Model):
    """A place in a trace: 32 and 16 hexadecimal digits (W3C Trace Context §3.2.2)."""

    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        """As a header or variable carries it; always sampled."""
        return f"00-{self.trace_id}-{self.span_id}-01"


class Span(Model):
    """Something that has ended. `links` lead to other traces: to those whose message was waited for."""

    name: str
    context: SpanContext
    parent: SpanContext | None = None
    started: datetime
    ended: datetime
    attributes: dict[str, Attribute] = {}
    links: tuple[SpanContext, ...] = ()
    error: str = ""
    """Why it failed, in a word."""
    client: bool = False
    """A request that leaves us."""


def trace_of(key: str) -> str:
    """The trace of the message with this key."""
    return _digest(f"trace\0{key}", 32)


def context_of(name: str, identity: str, key: str) -> SpanContext:
    """The one span of this name that something with this identity has in the trace of the message `key`."""
    return SpanContext(trace_id=trace_of(key), span_id=span_id(name, identity))


def span_id(name: str, identity: str) -> str:
    return _digest(f"{name}\0{identity}", 16)


def signal_of(key: str) -> SpanContext:
    """Where a message's hand-over stands, under which its task comes."""
    return context_of(SIGNAL, key, key)


def workflow_of(task: TaskInput) -> SpanContext:
    """Where a task stands: in the trace of its first message."""
    return context_of(WORKFLOW, task.id, task.messages[0].key)


def joined_to(task: TaskInput) -> tuple[SpanContext, ...]:
    """The other messages that it was begun with, each of which has a trace of its own."""
    return tuple(signal_of(message.key) for message in task.messages[1:])


def agent_of(sandbox: str, trace_id: str) -> SpanContext:
    """Where the agent of a sandbox stands: the same for every worker that adopts it."""
    return SpanContext(trace_id=trace_id, span_id=span_id(AGENT, sandbox))


def parse_traceparent(text: str) -> SpanContext | None:
    """https://www.w3.org/TR/trace-context/#traceparent-header"""
    found = re.fullmatch(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", text)
    return SpanContext(trace_id=found[1], span_id=found[2]) if found else None


def _digest(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
