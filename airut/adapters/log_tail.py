"""The end of a log that a forge serves as plain text, however long it is."""

import re
import ssl
from collections import deque
from collections.abc import Mapping

import httpx

LINES = 50
LONGEST = 300
"""Characters of a line: logs are read by people, in a message."""
MOST = 64 * 1024**2
"""Bytes that are read: a longer log is that of a job gone wrong, and its end is not worth minutes."""
TIMEOUT = 30.0

_TIME = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z ?")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


async def tail_of(url: str, headers: Mapping[str, str]) -> str:
    """The last lines. Redirects are followed; what logs in here is not shown to another host.

    Raises:
        httpx.HTTPError: it could not be read.
    """
    lines: deque[str] = deque(maxlen=LINES)
    read = 0
    async with (
        httpx.AsyncClient(
            timeout=TIMEOUT, follow_redirects=True, verify=ssl.create_default_context(), trust_env=False
        ) as client,
        client.stream("GET", url, headers=dict(headers)) as answer,
    ):
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            lines.append(readable(line))
            read += len(line)
            if read > MOST:
                break
    return "\n".join(lines).strip("\n")


def tail(text: str) -> str:
    """The same of a text that is there."""
    return "\n".join(readable(line) for line in text.splitlines()[-LINES:]).strip("\n")


def readable(line: str) -> str:
    """Without time stamps, colours and what a carriage return has overwritten."""
    plain = _CONTROL.sub("", _TIME.sub("", line.rsplit("\r", 1)[-1]))
    return plain if len(plain) <= LONGEST else f"{plain[:LONGEST]}…"
