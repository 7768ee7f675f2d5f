"""Values that must be seen nowhere, and how a text is rid of them (spec: credentials §10)."""

import base64
import json
import re
import threading
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

HIDDEN = "***"

MIN_LENGTH = 6
"""Characters. A shorter value would be found in innocent text."""


class Redactor:
    """Knows the values that were read in this process. One for each configuration; safe to use from any thread.

    A value is found as it is, percent-encoded, escaped for JSON (once, or again within JSON), and within base64.
    """

    def __init__(self, values: Mapping[str, str] | None = None, beside: "Redactor | None" = None) -> None:
        """`values`: each with what is shown in its place. Values that `beside` knows are hidden as well."""
        self._beside = beside
        self._adding = threading.Lock()
        self._shown: dict[bytes, bytes] = {}
        self._pattern: re.Pattern[bytes] | None = None
        for value, shown in (values or {}).items():
            self.add(value, shown)

    def add(self, value: str, shown: str = HIDDEN) -> None:
        """From now on `shown` stands for this value. What was added first stays."""
        if len(value) < MIN_LENGTH or value.encode() in self._shown:
            return
        with self._adding:
            more = {form: shown.encode() for form in forms(value)}
            # New objects, because others are reading: the mapping first, which the pattern needs.
            self._shown = more | self._shown
            ordered = sorted(self._shown, key=len, reverse=True)  # of two at one place, the longer is meant
            self._pattern = re.compile(b"|".join(map(re.escape, ordered)))

    def holds(self, data: bytes) -> bool:
        """Whether any of the values is in there."""
        if self._beside is not None and self._beside.holds(data):
            return True
        return self._holds(data)

    def data(self, data: bytes) -> bytes:
        """The same without the values."""
        pattern = self._pattern
        if pattern is not None and self._holds(data):  # `in` is far faster than `re`, and most texts hold none
            data = pattern.sub(lambda found: self._shown[found.group()], data)
        return data if self._beside is None else self._beside.data(data)

    def text(self, text: str) -> str:
        """The same without the values."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _holds(self, data: bytes) -> bool:
        return any(form in data for form in self._shown)


def forms(value: str) -> Iterator[bytes]:
    """Each way in which a value may be written."""
    escaped = json.dumps(value)[1:-1]
    plain = [value, escaped, json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(escaped)[1:-1]]
    percent = [quote(value, safe=""), quote(value), quote_plus(value)]
    lower = [re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), text) for text in percent]
    yield from dict.fromkeys(text.encode("utf-8", "surrogatepass") for text in (*plain, *percent, *lower))
    for alignment in range(3):
        for alphabet in (b"+/", b"-_"):
            yield _within_base64(value.encode("utf-8", "surrogatepass"), alignment, alphabet)


def _within_base64(text: bytes, alignment: int, alphabet: bytes) -> bytes:
    """What a text gives wherever it stands in an encoded one, so many bytes after a multiple of three. The characters
    at its ends hold bits of its neighbours as well, and are left out."""
    encoded = base64.b64encode(bytes(alignment) + text, alphabet)
    return encoded[-(-alignment * 8 // 6) : (alignment + len(text)) * 8 // 6]
