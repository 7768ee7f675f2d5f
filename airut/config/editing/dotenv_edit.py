"""One variable of a `.env` is written; comments and all others stay as they are."""

import re

from airut.config.dotenv import assignments, parse_dotenv
from airut.errors import ConfigError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def with_variable(written: str, name: str, value: str) -> str:
    """The file's text with this variable. It is read back before it is handed out.

    Raises:
        ConfigError: the name is none, or an open quote in the file would take the value in; never says what it is.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name of an environment variable; letters, digits and _ only")
    present = parse_dotenv(written)
    if present.get(name) == value:
        return written
    line = f'{name}="{"".join(_ESCAPED.get(c, c) for c in value)}"\n'
    there = [found for found in assignments(written) if found.name == name]
    if there:  # the last, which counts; however many lines it takes, since the old value is to be gone
        changed = written[: there[-1].start] + line + written[there[-1].end :]
    else:
        changed = written + ("" if not written or written.endswith("\n") else "\n") + line
    if parse_dotenv(changed) == {**present, name: value}:
        return changed
    raise ConfigError(f"{name}: .env cannot take this value, since a quote in it is not closed; close it, or use !file")
