"""A secret's present value: read again when its source has changed, and the last good one while it fails."""

import logging
import threading
from collections.abc import Callable

from airut.config.secret_readers import Mark, Reader
from airut.errors import SecretError
from airut.models.credentials.redaction import Redactor
from airut.models.credentials.secret import checked
from airut.models.credentials.source import Source
from airut.models.values.durations import spoken_duration

RETRY = 10.0
"""Seconds until a source that failed is asked again: a command may be slow to fail, and a file that was put right shows
by itself."""

log = logging.getLogger(__name__)


class HeldSecret:
    """Calling it gives the value. Safe to use from any thread; `clock` gives seconds."""

    def __init__(
        self,
        reader: Reader,
        redactor: Redactor,
        clock: Callable[[], float],
        *,
        one_line: bool,
        source: Source | None = None,
    ) -> None:
        self.field = "a secret"
        """Where it stands in `airut.yaml`, for errors."""
        self.stale_max = 3600.0
        self.source = source
        self._reader = reader
        self._redactor = redactor
        self._clock = clock
        self.one_line = one_line
        self._lock = threading.Lock()
        self._value: str | None = None
        self._mark: Mark = None
        self._read_at = 0.0
        self._problem: str | None = None
        self._failing_since = 0.0

    def __eq__(self, other: object) -> bool:
        """Whether both are read from the same source: then a configuration that was read again says the same."""
        return self is other or (
            isinstance(other, HeldSecret) and self.source is not None and self.source == other.source
        )

    def __hash__(self) -> int:
        return id(self) if self.source is None else hash(self.source)

    def __call__(self) -> str:
        """
        Raises:
            SecretError: it cannot be read, and could not for `stale_max` seconds; names field and source.
        """
        with self._lock:
            if self._is_due():
                self._read()
            return self._usable()

    def renew(self) -> None:
        """Read it again, whether or not it seems to have changed. That it fails shows when it is used."""
        with self._lock:
            self._read()

    def read_first(self) -> None:
        """Raises: Unset, ValueError: it cannot be read; names the source only."""
        with self._lock:
            self._take()

    def is_new(self) -> bool:
        """Whether nobody has asked for it yet."""
        return self._value is None and self._problem is None

    def due_in(self) -> float | None:
        """Seconds until it should be asked again, for a source that shows no change by itself; None for others."""
        if self._reader.ttl is None or self.is_new():
            return None
        wait = RETRY if self._problem is not None else self._reader.ttl
        return max(0.0, self._read_at + wait - self._clock())

    def _is_due(self) -> bool:
        age = self._clock() - self._read_at
        if self.is_new():
            return True
        if self._reader.mark() != self._mark:
            return True
        if self._problem is not None:
            return age >= RETRY
        return self._reader.ttl is not None and age >= self._reader.ttl

    def _read(self) -> None:
        try:
            self._take()
        except ValueError as error:
            if self._problem is None:
                self._failing_since = self._clock()
                log.warning("%s: %s%s", self.field, error, self._consequence())
            self._problem = str(error)

    def _take(self) -> None:
        self._mark = self._reader.mark()  # before: a change in between shows the next time
        self._read_at = self._clock()
        value = checked(self._reader.read(), one_line=self.one_line)
        self._redactor.add(value)
        self._value, self._problem = value, None

    def _consequence(self) -> str:
        if self._value is None:
            return ""
        return f"; the last good value is used for {spoken_duration(self.stale_max)} more"

    def _usable(self) -> str:
        if self._value is None:
            raise SecretError(f"{self.field}: {self._problem}")
        if self._problem is not None and self._clock() - self._failing_since > self.stale_max:
            raise SecretError(
                f"{self.field}: {self._problem}; the last good value is older than "
                f"security.stale_secret_max ({spoken_duration(self.stale_max)})"
            )
        return self._value
