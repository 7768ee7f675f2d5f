"""Request targets, read so that no server can read them another way (network.md §4.1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_FORBIDDEN_RAW = frozenset([*range(0x21), 0x7F, *range(0x80, 0x100), ord("#"), ord("\\")])
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_TEXT_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_KEPT_SLASH = b"%2F"


class TargetRefused(ValueError):
    """A server could read this target in two ways; `detail` is the row of the table that says how."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True)
class Target:
    """A request target, split and decoded once."""

    path: str
    query: str | None
    readings: tuple[str, ...]


def read_target(raw: bytes, method: str) -> Target:
    """The target of an origin-form or asterisk-form request (RFC 9112 §3.2).

    Raises:
        TargetRefused: the target has more than one reading.
    """
    if any(byte in _FORBIDDEN_RAW for byte in raw):
        raise TargetRefused("forbidden_byte")
    if raw == b"*":
        if method != "OPTIONS":
            raise TargetRefused("asterisk_form")
        return Target("*", None, ("*",))
    if not raw.startswith(b"/"):
        raise TargetRefused("not_origin_form")
    path, mark, query = raw.partition(b"?")
    text = _decode_path(path)
    _refuse_dot_segments(text)
    _refuse_dot_segments(unicodedata.normalize("NFKC", text))
    return Target(text, query.decode("ascii") if mark else None, _readings(text))


def _decode_path(path: bytes) -> str:
    """Every escape decoded once, `%2F` kept as it is: it is not a separator."""
    out = bytearray()
    position = 0
    for escape in _ESCAPE.finditer(path):
        out += path[position : escape.start()]
        position = escape.end()
        digits = escape.group(1)
        if digits is None:
            raise TargetRefused("bad_escape")
        byte = int(digits, 16)
        out += _KEPT_SLASH if byte == 0x2F else bytes([byte])
    out += path[position:]
    try:
        text = out.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TargetRefused("forbidden_byte") from error
    if "\\" in text or any(unicodedata.category(c) == "Cc" for c in text if not "\x20" <= c <= "\x7e"):
        raise TargetRefused("forbidden_byte")
    # A kept slash is an escape of the target itself; any other one here was produced by decoding.
    if len(_TEXT_ESCAPE.findall(text)) != len(re.findall(rb"%2[Ff]", path)):
        raise TargetRefused("double_encoded")
    return text


def _refuse_dot_segments(text: str) -> None:
    """Blanks around the dots are not seen by servers that trim file names."""
    for segment in text.replace("%2F", "/").replace("\\", "/").split("/"):
        if segment.partition(";")[0].strip() in (".", ".."):
            raise TargetRefused("dot_segment")


def _readings(text: str) -> tuple[str, ...]:
    """As decoded; `;params` cut; runs of `/` merged; both; and each as servers read it that decode too early (what
    follows an escaped `?` or `#` is lost) or fold look-alikes (a full-width slash is one). Duplicates once."""
    folded = unicodedata.normalize("NFKC", text)
    early = re.split("[?#]", folded, maxsplit=1)[0]
    plain = dict.fromkeys([text, folded, early])
    cut = [re.sub(r";[^/]*", "", reading) for reading in plain]
    return tuple(dict.fromkeys([*plain, *cut, *(re.sub(r"/{2,}", "/", reading) for reading in (*plain, *cut))]))
