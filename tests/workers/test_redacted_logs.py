"""What a process logs, whatever it was given."""

import io
import json
import logging
from collections.abc import Callable

import pytest

from airut.models.credentials.redaction import Redactor
from workers.redacted_logs import Redacted

REAL = "hunter2-and-more"


class WithExtras(logging.Formatter):
    """As a collector of structured logs would write them."""

    def format(self, record: logging.LogRecord) -> str:
        extras = {key: str(value) for key, value in record.__dict__.items() if key.startswith("x_")}
        return f"{super().format(record)} {json.dumps(extras)} {record.msg!r} {record.args!r}"


class Login(Exception):
    pass


def raising(log: logging.Logger) -> None:
    try:
        raise Login(f"password {REAL} refused")
    except Login:
        log.exception("login failed")


class Shown:
    def __str__(self) -> str:
        return f"an object with {REAL}"


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        (lambda log: log.info("the password is %s", REAL), "the password is ***"),
        (lambda log: log.info(f"the password is {REAL}"), "the password is ***"),
        (lambda log: log.info("%(a)s", {"a": Shown()}), "an object with ***"),
        (lambda log: log.info(Shown()), "an object with ***"),
        (
            lambda log: log.info("said", extra={"x_password": REAL, "x_count": 3}),
            '{"x_password": "***", "x_count": "3"}',
        ),
        (lambda log: log.info("said", extra={"x_deep": [{"a": REAL}]}), "[{'a': '***'}]"),
        (lambda log: log.info("%s %s", REAL), "%s %s (with arguments that do not fit)"),
        (lambda log: log.info("said", stack_info=True), "said"),
        (raising, "Login: password *** refused"),
    ],
)
def test_no_record_shows_it(say: Callable[[logging.Logger], None], expected: str) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(WithExtras("%(message)s"))
    handler.addFilter(Redacted(Redactor({REAL: "***"})))
    log = logging.Logger("apart", logging.INFO)
    log.addHandler(handler)
    say(log)
    assert expected in stream.getvalue()
    assert REAL not in stream.getvalue()
