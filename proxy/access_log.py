"""One JSON line for each request and look-up; what cannot be written down is not let through (network.md §9)."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from proxy.rules import Sandbox

MAX_VALUE = 1_000  # characters of one value
MAX_FILE = 64 * 1024 * 1024
PARTS = 3  # network.jsonl and two older ones
MAX_PENDING = 1_000  # lines kept while the disk is full; requests are refused by then
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Value = str | int | float | None | Sequence[str] | Mapping[str, str | int]


def ulid(now: float | None = None) -> str:
    """A request id: 48 bits of milliseconds, 80 random, in Crockford's base32, so that ids sort by time."""
    number = int((time.time() if now is None else now) * 1000) << 80 | int.from_bytes(os.urandom(10))
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def timestamp(now: float | None = None) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Redactor:
    """Turns real values that found their way into a line into `[redacted:NAME]`: plain, percent-encoded, base64."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        forms: dict[str, str] = {}
        for name, value in values:
            escaped = json.dumps(value)[1:-1]
            for form in (value, escaped, quote(value, safe=""), base64.b64encode(value.encode()).decode().rstrip("=")):
                forms.setdefault(form, f"[redacted:{name}]")
        # Longest first: one form can be part of another.
        self._forms = sorted(forms.items(), key=lambda item: -len(item[0]))

    def redact(self, line: str) -> str:
        """The line without any known value."""
        for form, replacement in self._forms:
            if form in line:
                line = line.replace(form, replacement)
        return line


class AccessLog:
    """Appends to `network.jsonl`, flushed line by line; remembers when it could not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._size = 0
        self._pending: list[bytes] = []
        self._identity: dict[str, Value] = {}
        self._named: dict[tuple[str, str], None] = {}
        self._redactor = Redactor(())

    def use(self, sandbox: Sandbox, values: Iterable[tuple[str, str]]) -> None:
        """From now on, lines carry this identity and are cleared of these (name, value) pairs."""
        traced = {"trace_id": sandbox.trace_id} if sandbox.trace_id else {}
        self._identity = {"thread": sandbox.thread, "task": sandbox.task, "attempt": sandbox.attempt, **traced}
        self._named = dict.fromkeys(values)
        self._redactor = Redactor(self._named)

    def learn(self, values: Iterable[tuple[str, str]]) -> None:
        """From now on, lines are cleared of these (name, value) pairs as well."""
        self._redactor = Redactor([*self._named, *values])

    def write(self, kind: str, fields: Mapping[str, Value]) -> None:
        """Appends one line; one that cannot be written is kept, and makes `is_writable` false until it is."""
        record = {"time": timestamp(), "kind": kind, **self._identity, **fields}
        cut = {name: _cut(value) for name, value in record.items() if value is not None and value != ()}
        line = self._redactor.redact(json.dumps(cut, ensure_ascii=True, default=list))
        if len(self._pending) < MAX_PENDING:
            self._pending.append(line.encode("ascii") + b"\n")
        self.is_writable()

    def is_writable(self) -> bool:
        """Whether everything so far is on disk; tries again first when it is not."""
        try:
            while self._pending:
                self._append(self._pending[0])
                del self._pending[0]
        except OSError:
            self._close()
            return False
        return True

    def _append(self, line: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._size = os.fstat(self._descriptor).st_size
        if self._size and self._size + len(line) > MAX_FILE:
            self._rotate()
            return self._append(line)
        written = os.write(self._descriptor, line)
        if written != len(line):
            # A line cut short by a full disk: taken back, so that the file stays one object a line.
            os.ftruncate(self._descriptor, self._size)
            raise OSError("short write")
        self._size += written
        return None

    def _rotate(self) -> None:
        self._close()
        for part in range(PARTS - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{part}")
            newer = self._path if part == 1 else self._path.with_name(f"{self._path.name}.{part - 1}")
            if newer.exists():
                newer.replace(older)

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _cut(value: Value) -> Value:
    if isinstance(value, str):
        return value if len(value) <= MAX_VALUE else value[: MAX_VALUE - 1] + "…"
    if isinstance(value, Mapping):
        return {name: cut for name, each in value.items() if isinstance(cut := _cut(each), str | int)}
    if isinstance(value, Sequence):
        return [str(_cut(item)) for item in value[:MAX_VALUE]]
    return value
