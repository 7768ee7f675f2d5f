"""What an SMTP server's answer means for us (spec: email §10, table; RFC 5321 §4.2, RFC 3463). Pure."""

import re
from enum import Enum

# What servers write for "too large" behind a 554 or 550, which by their number alone say nothing about size.
_SIZE = re.compile(
    r"\b5\.(?:2\.3|3\.4)\b|too (?:large|big|long)|(?:message|maximum|allowed|attachment) size|size (?:limit|exceed)"
    r"|exceed\w* (?:the )?(?:maximum|size|limit)|\boversized?\b",
    re.IGNORECASE,
)
_TOO_LARGE_CODES = {552, 523}
# Authentication is wanted, missing or wrong: an operator has to act, and until then nothing is lost (RFC 4954 §6).
_AUTHENTICATION_CODES = {530, 534, 535, 538}
_MAX_SHOWN = 300


class Verdict(Enum):
    """LATER: the same again later. TOO_LARGE: again without attachments. NEVER: not in this form."""

    LATER = "later"
    TOO_LARGE = "too large"
    NEVER = "never"


def judge(code: int, text: str) -> Verdict:
    """Judge a negative answer. A code outside 4xx and 5xx is no SMTP answer to rely on, so it is tried again."""
    if not 500 <= code <= 599 or code in _AUTHENTICATION_CODES:
        return Verdict.LATER
    if code in _TOO_LARGE_CODES or _SIZE.search(text):
        return Verdict.TOO_LARGE
    return Verdict.NEVER


def shown(code: int, text: str) -> str:
    """The answer in one line, for people."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{code} {line[:_MAX_SHOWN]}".strip()
