"""Log records without the values of secrets (spec: credentials §10)."""

import logging

from airut.models.credentials.redaction import Redactor

_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_TRACEBACKS = logging.Formatter()


class Redacted(logging.Filter):
    """For handlers: message, arguments, exception, stack and all that was given as `extra`."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redactor.text(_message(record)), ()
        if record.exc_info:
            record.exc_text = record.exc_text or _TRACEBACKS.formatException(record.exc_info)
            record.exc_info = None  # else somebody formats it anew
        if record.exc_text:
            record.exc_text = self._redactor.text(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redactor.text(record.stack_info)
        for name in record.__dict__.keys() - _OWN:
            setattr(record, name, self._plain(getattr(record, name)))
        return True

    def _plain(self, value: object) -> object:
        """The value itself, where nothing is hidden in it; else as text."""
        text = str(value)
        shown = self._redactor.text(text)
        return value if shown == text else shown


def redact_logs(redactor: Redactor) -> None:
    """What this process logs from now on."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Redacted(redactor))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # logging itself would print the arguments, as they are
        return f"{record.msg} (with arguments that do not fit)"
