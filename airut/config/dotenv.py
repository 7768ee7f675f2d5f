"""`.env`: variables that are not in the process's environment, one `NAME=value` a line."""

import re
from pathlib import Path

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def parse_dotenv(text: str) -> dict[str, str]:
    """Its variables. Quotes are taken off, comments left out; what is no assignment is passed over. Nothing in it is
    replaced by other variables."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if assignment := _LINE.fullmatch(line.strip()):
            found[assignment[1]] = _unquoted(assignment[2])
    return found


def read_dotenv(path: Path) -> dict[str, str]:
    """Its variables; none where there is no such file. Raises: OSError, UnicodeDecodeError"""
    try:
        return parse_dotenv(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _unquoted(written: str) -> str:
    if double := _DOUBLE.fullmatch(written):
        return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), double[1])
    if single := _SINGLE.fullmatch(written):
        return single[1]
    return re.sub(r"(^|\s)#.*", "", written).strip()
