"""One variable of a `.env` is written; comments and all others stay as they are."""

import re

from airut.config.dotenv import parse_dotenv
from airut.errors import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def with_variable(written: str, name: str, value: str) -> str:
    """The file's text with this variable. It is read back before it is handed out.

    Raises:
        ConfigError: the name is none, or the value holds what a `.env` cannot; never says what it is.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of an environment variable; letters, digits and _ only")
    present = parse_dotenv(written)
    if present.get(name) == value:
        return written
    wanted = {**present, name: value}
    for candidate in _candidates(written, name, f'{name}="{"".join(_ESCAPED.get(c, c) for c in value)}"\n'):
        if parse_dotenv(candidate) == wanted:
            return candidate
    raise ConfigError(f"{name}: .env cannot hold this value, since it has a control character; use !file for it")


def _candidates(written: str, name: str, assignment: str) -> list[str]:
    """In place of the assignment that there is, however many lines it takes; else at the end."""
    lines = written.splitlines(keepends=True)
    found = []
    for first, line in enumerate(lines):
        if re.match(rf"\s*(?:export\s+)?{name}\s*=", line):
            found += ["".join([*lines[:first], assignment, *lines[k:]]) for k in range(first + 1, len(lines) + 1)]
    gap = "" if not written or written.endswith("\n") else "\n"
    return [*found, written + gap + assignment]
