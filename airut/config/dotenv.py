"""`.env`: variables that are not in the process's environment, each as `NAME=value`.

One lies beside `airut.yaml`, another may lie in the working directory; the first that gives a variable wins.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_BLANK = r"[^\S\n]*"
_NAME = re.compile(rf"{_BLANK}(?:export[^\S\n]+)?([A-Za-z_][A-Za-z0-9_]*){_BLANK}={_BLANK}")
_QUOTED = re.compile(rf"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)'){_BLANK}(?:#[^\n]*)?(?=\n|\Z)""", re.DOTALL)
_REST = re.compile(r"[^\n]*")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\n": ""}
"""A backslash at the end of a line joins it with the next one; before any other character it stands for that."""


class Assignment(NamedTuple):
    """One variable, and where its lines begin and end in the text."""

    name: str
    value: str
    start: int
    end: int


def assignments(text: str) -> Iterator[Assignment]:
    """Quotes are taken off, and what stands between them may go over several lines; comments are left out; what is no
    assignment is passed over. Nothing in it is replaced by other variables."""
    place = 0
    while place < len(text):
        start, end, value = place, place, None
        if name := _NAME.match(text, place):
            end = name.end()
            if quoted := _QUOTED.match(text, end):
                value = _unescaped(quoted[1]) if quoted[2] is None else quoted[2].replace("\r\n", "\n")
                end = quoted.end()
            else:  # also a quote that nothing closes, which then stands for itself
                value = re.sub(r"(^|\s)#.*", "", _line(text, end)).strip()
        place = end + len(_line(text, end)) + 1
        if name and value is not None:
            yield Assignment(name[1], value, start, place)


def parse_dotenv(text: str) -> dict[str, str]:
    """Its variables; of two with one name the last."""
    return {found.name: found.value for found in assignments(text)}


def read_dotenv(path: Path) -> dict[str, str]:
    """Its variables; none where there is no such file. Raises: OSError, UnicodeDecodeError"""
    try:
        return parse_dotenv(path.read_bytes().decode("utf-8"))
    except (FileNotFoundError, IsADirectoryError):  # some call a virtual environment so
        return {}


def working_folder() -> Path | None:
    """This process's; None where it has been removed meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return Path.cwd()
    return None


def dotenv_files(folder: Path, working: Path | None) -> tuple[Path, ...]:
    """Where `.env` may lie, the first to win first. `folder` is that of `airut.yaml`."""
    # Who runs `sudo -u airut airut check` stands in a folder that is closed to airut, and means no `.env` in there.
    if working is None or not os.access(working, os.X_OK) or working.resolve() == folder.resolve():
        return (folder / ".env",)
    return folder / ".env", working / ".env"


def is_open_to_others(file: Path) -> bool:
    """Whether its mode is wider than 0600; of what is no file, or not there, never."""
    try:
        mode = file.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(mode & (stat.S_IRWXG | stat.S_IRWXO))


def _line(text: str, place: int) -> str:
    """What is left of the line."""
    rest = _REST.match(text, place)
    return rest[0] if rest else ""


def _unescaped(quoted: str) -> str:
    joined = quoted.replace("\r\n", "\n")
    return re.sub(r"\\(.)", lambda escape: _ESCAPES.get(escape[1], escape[1]), joined, flags=re.DOTALL)
