"""A line of the log is one JSON object for programs, text for people, and never holds a secret."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from airut.config.telemetry_settings import TelemetrySettings
from airut.models.credentials.redaction import Redactor
from airut.models.telemetry.spans import signal_of
from airut.ports.telemetry import ACTIVE, Active
from workers.log_format import About, configure_logging
from workers.redacted_logs import redact_logs

SECRET = "hunter2-hunter2"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """Without the handlers of the test run, which it gets back."""
    logger = logging.getLogger()
    handlers, level = logger.handlers[:], logger.level
    logger.handlers.clear()
    yield logger
    logger.handlers[:] = handlers
    logger.setLevel(level)


def logged_to(root: logging.Logger, stream: io.StringIO, **settings: object) -> None:
    handler = logging.StreamHandler(stream)
    handler.addFilter(About())
    root.addHandler(handler)
    redact_logs(Redactor({SECRET: "***"}))
    configure_logging("control", TelemetrySettings.model_validate(settings))


def test_a_line_says_what_it_is_about(root: logging.Logger) -> None:
    stream = io.StringIO()
    logged_to(root, stream)
    span = signal_of("key")
    token = ACTIVE.set(Active(repo="web", thread="web/mail/a", task="web/mail/a/task-1", span=span))
    logging.getLogger("airut.x").info("fetched %s with %s", "main", SECRET, extra={"branch": f"b {SECRET}"})
    ACTIVE.reset(token)
    logging.getLogger("airut.x").debug("not wanted")
    logging.getLogger("airut").warning('two\nlines and a "quote"')
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "level": "info", "event": "fetched main with ***", "logger": "airut.x", "process": "control", "repo": "web",
        "thread": "web/mail/a", "task": "web/mail/a/task-1", "trace_id": span.trace_id, "branch": "b ***",
    }  # fmt: skip
    assert (second["event"], second.keys()) == (
        'two\nlines and a "quote"', {"time", "level", "event", "logger", "process"},
    )  # fmt: skip


def test_an_exception_is_in_its_line_and_redacted(root: logging.Logger) -> None:
    stream = io.StringIO()
    logged_to(root, stream)
    try:
        raise ValueError(f"no {SECRET}")
    except ValueError:
        logging.getLogger("airut").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["exception"].endswith("ValueError: no ***")
    assert SECRET not in line


@pytest.mark.parametrize(
    ("wanted", "stream", "is_json"),
    [
        ("auto", io.StringIO(), True),
        ("auto", Terminal(), False),
        ("text", io.StringIO(), False),
        ("json", Terminal(), True),
    ],
)
def test_who_gets_which(root: logging.Logger, wanted: str, stream: io.StringIO, is_json: bool) -> None:
    logged_to(root, stream, log_format=wanted)
    logging.getLogger("airut").info("hello")
    line = stream.getvalue()
    assert line.startswith("{") is is_json
    if not is_json:
        assert line.endswith(" control INFO airut: hello\n")


def test_the_level_can_change_at_any_time(root: logging.Logger) -> None:
    stream = io.StringIO()
    logged_to(root, stream, log_level="error")
    logging.getLogger("airut").warning("one")
    configure_logging("control", TelemetrySettings(log_level="debug"))
    logging.getLogger("airut").debug("two")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["two"]
