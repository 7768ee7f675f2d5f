"""Every metric that there is: its name, kind, unit and labels. No label holds what a person or an agent has written."""

from enum import StrEnum

from airut.models.base import Model


class Kind(StrEnum):
    COUNTER = "counter"
    """Only grows; what is recorded is added."""
    HISTOGRAM = "histogram"
    GAUGE = "gauge"
    """What is recorded stands until the next one."""
    SUM = "sum"
    """Goes up and down; what is recorded is added."""


class Metric(Model):
    """`labels` are all that it has, each from a closed set: what the configuration names, and words of ours."""

    name: str
    kind: Kind
    unit: str
    """As UCUM and OpenTelemetry have it: `s`, `By`, `USD`, `1`."""
    labels: tuple[str, ...]
    doc: str
    bounds: tuple[float, ...] = ()
    """Of a histogram's buckets."""

    @property
    def prometheus(self) -> str:
        """Its name there."""
        return prometheus_name(self.name, self.unit, total=self.kind is Kind.COUNTER)


SUFFIXES = {"s": "seconds", "ms": "milliseconds", "By": "bytes", "USD": "usd"}


def prometheus_name(name: str, unit: str, *, total: bool) -> str:
    plain = name.replace(".", "_").replace("-", "_")
    suffix = SUFFIXES.get(unit, "")
    if suffix and not plain.endswith(f"_{suffix}"):
        plain = f"{plain}_{suffix}"
    return f"{plain}_total" if total and not plain.endswith("_total") else plain


_LONG = (5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
"""Seconds, from a quick answer to a task that waits for a day."""
_SHORT = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 120)
_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_BUILD = (0.1, 1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600)


def _metric(name: str, kind: Kind, unit: str, labels: str, doc: str, bounds: tuple[float, ...] = ()) -> Metric:
    return Metric(name=name, kind=kind, unit=unit, labels=tuple(labels.split()), doc=doc, bounds=bounds)


MESSAGES = _metric(
    "airut.messages", Kind.COUNTER, "1", "repo channel result",
    "Messages: accepted, duplicate (seen before), rejected (not let in), failed (could not be handled).",
)  # fmt: skip
TASK_DURATION = _metric(
    "airut.task.duration", Kind.HISTOGRAM, "s", "repo outcome", "From a task's begin to its end, waits included.", _LONG
)
TASK_WAIT = _metric(
    "airut.task.wait", Kind.HISTOGRAM, "s", "repo outcome",
    "From a task's first message to its first agent; its outcome is `started`.", _LONG,
)  # fmt: skip
TASKS_RUNNING = _metric("airut.tasks.running", Kind.SUM, "1", "repo host", "Agents that run now.")
TASKS_QUEUED = _metric(
    "airut.tasks.queued", Kind.GAUGE, "1", "repo host", "Agents that wait for a sandbox to be free; `repo` is `all`."
)
THREADS_LIVE = _metric(
    "airut.threads.live", Kind.GAUGE, "1", "repo host", "Threads that have not ended; `host` is `all`."
)
TASK_COST = _metric("airut.task.cost", Kind.COUNTER, "USD", "repo model", "What ended tasks have cost.")
AGENT_TOKENS = _metric("airut.agent.tokens", Kind.COUNTER, "1", "repo model kind", "Tokens: input, output.")
REPLY_LATENCY = _metric(
    "airut.reply.latency", Kind.HISTOGRAM, "s", "channel", "From a message's arrival to its delivered answer.", _LONG
)
SANDBOX_START = _metric("airut.sandbox.start", Kind.HISTOGRAM, "s", "host warm", "Making a sandbox.", _SHORT)
IMAGE_BUILD = _metric(
    "airut.image.build", Kind.HISTOGRAM, "s", "repo result",
    "Asking for a repository's image: `ok` within a second where it is there already, or the failure's kind.", _BUILD,
)  # fmt: skip
SANDBOX_MEMORY = _metric("airut.sandbox.memory", Kind.SUM, "By", "host", "Memory of running sandboxes, together.")
SANDBOX_CPU = _metric("airut.sandbox.cpu", Kind.COUNTER, "s", "host", "Processor time of sandboxes.")
PROXY_REQUESTS = _metric(
    "airut.proxy.requests", Kind.COUNTER, "1", "decision reason", "Requests of agents, once their sandbox has ended."
)
PROXY_LATENCY = _metric(
    "airut.proxy.latency", Kind.HISTOGRAM, "s", "decision reason", "From a request to the end of its answer.", _REQUEST
)
SWAPPED = _metric("airut.credentials.swapped", Kind.COUNTER, "1", "kind", "Stand-ins that a request had swapped.")
STRIPPED = _metric("airut.credentials.stripped", Kind.COUNTER, "1", "kind", "Foreign credentials that were removed.")
SCRUBBED = _metric("airut.credentials.scrubbed", Kind.COUNTER, "1", "kind", "Values hidden in answers.")
CHANNEL_UP = _metric("airut.channel.up", Kind.GAUGE, "1", "repo channel", "1 where the channel is connected, else 0.")
CHANNEL_LAG = _metric(
    "airut.channel.lag",
    Kind.GAUGE,
    "s",
    "repo channel",
    "Of the newest message: from when it was sent to when it was taken.",
)
DISK_FREE = _metric("airut.disk.free", Kind.GAUGE, "By", "host", "Room on the file system of the state folder.")
CONFIG_GENERATION = _metric(
    "airut.config.generation", Kind.GAUGE, "1", "host", "Number of the configuration that is in use."
)
CONFIG_ERRORS = _metric(
    "airut.config.errors",
    Kind.GAUGE,
    "1",
    "host",
    "1 while the file as it is now is wrong, and the one before in use; else 0.",
)
AUDIT_FAILURES = _metric(
    "airut.audit.failures", Kind.COUNTER, "1", "host", "Entries of the audit log that could not be written."
)

METRICS = (
    MESSAGES, TASK_DURATION, TASK_WAIT, TASKS_RUNNING, TASKS_QUEUED, THREADS_LIVE, TASK_COST, AGENT_TOKENS,
    REPLY_LATENCY, SANDBOX_START, IMAGE_BUILD, SANDBOX_MEMORY, SANDBOX_CPU, PROXY_REQUESTS, PROXY_LATENCY, SWAPPED,
    STRIPPED, SCRUBBED, CHANNEL_UP, CHANNEL_LAG, DISK_FREE, CONFIG_GENERATION, CONFIG_ERRORS, AUDIT_FAILURES,
)  # fmt: skip


class Measurement(Model):
    """One value of one metric."""

    metric: Metric
    value: float
    labels: dict[str, str] = {}
