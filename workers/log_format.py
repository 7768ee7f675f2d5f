"""How log lines look: JSON for programs, text for people, each with whom it is about (spec: operations §4)."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from airut.config.telemetry_settings import TelemetrySettings
from airut.ports.telemetry import ACTIVE

QUIET = ("httpx", "opentelemetry", "grpc")
"""Libraries that have a line for each request."""

_KNOWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class About(logging.Filter):
    """Adds what the line is about. Before anything else: the context is that of the code that logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        active = ACTIVE.get()
        if active is not None:
            record.repo, record.thread_id, record.task = active.repo, active.thread, active.task
            record.trace_id = active.span.trace_id if active.span else ""
        return True


class JsonLines(logging.Formatter):
    """One object a line: `time`, `level`, `event`, `logger`, `process`, and `thread`, `task`, `repo`, `trace_id` where
    there are some; then what was given as `extra`."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "process": self._process,
            "repo": getattr(record, "repo", ""),
            "thread": getattr(record, "thread_id", ""),
            "task": getattr(record, "task", ""),
            "trace_id": getattr(record, "trace_id", ""),
            **{name: str(value) for name, value in record.__dict__.items() if name not in _OURS},
        }
        if record.exc_info or record.exc_text:
            fields["exception"] = record.exc_text or self.formatException(record.exc_info or (None, None, None))
        if record.stack_info:
            fields["stack"] = record.stack_info
        return json.dumps({name: value for name, value in fields.items() if value}, ensure_ascii=False)


_OURS = _KNOWN | {"repo", "thread_id", "task", "trace_id"}


def begin_logging(process: str, stream: TextIO = sys.stderr) -> None:
    """As text, until the configuration is known."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_text(process))
    handler.addFilter(About())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def configure_logging(process: str, settings: TelemetrySettings) -> None:
    """From now on as the configuration says."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setFormatter(JsonLines(process) if _wants_json(settings, handler.stream) else _text(process))
    set_level(settings)


def set_level(settings: TelemetrySettings) -> None:
    """At once; can be called again whenever the setting has changed."""
    logging.getLogger().setLevel(settings.log_level.upper())


def _wants_json(settings: TelemetrySettings, stream: TextIO) -> bool:
    return settings.log_format == "json" or (settings.log_format == "auto" and not stream.isatty())


def _text(process: str) -> logging.Formatter:
    return logging.Formatter(f"%(asctime)s {process} %(levelname)s %(name)s: %(message)s")
