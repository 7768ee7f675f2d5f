"""Look-alikes of credentials: same shape, worth nothing, the same for a thread's whole life (credentials.md §2)."""

import base64
import binascii
import hashlib
import hmac
import json
import math
import re
import string
from collections.abc import Callable, Iterator
from itertools import count

MIN_BITS = 80
MIN_VARIABLE = 16  # characters; shorter values could be guessed, and would be found in innocent text
SHORT_PREFIX = "airut-"  # the proxy swaps these as a whole field only
SHORT_LENGTH = 32
OVERLAP = 8  # characters of the original that must not appear in its surrogate
ATTEMPTS = 1_000
SEPARATORS = frozenset("-_./+=:~")
PREFIXES = re.compile(
    r"ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|gldt-|glrt-|glcbt-|sk-ant-[a-z]+\d*-|sk-proj-|sk-"
    r"|xox[bpa]-|xapp-|npm_|hf_|dckr_pat_|pypi-AgEIcHlwaS5vcmc|AKIA|ASIA"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
_DIGITS = string.digits
_BASE62 = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"
_CLASSES = (_DIGITS, _DIGITS + "abcdef", _DIGITS + "ABCDEF", _BASE32)  # the narrowest that fits a run is its class


UNKNOWN = "aB3" * 13 + "x"
"""What a value is taken for that nobody has seen yet: forty letters and digits, as most tokens have them."""


def surrogate(key: bytes, thread: str, repo: str, name: str, value: str, part: str = "value") -> str:
    """The surrogate of a value for one thread.

    `key` is the installation's, at least 32 bytes; `part` tells the values of one credential apart. Rotating a value
    leaves its surrogate as it is, as long as the shape stays.

    Raises:
        ValueError: the key is shorter than 32 bytes, or the value is empty.
    """
    if len(key) < 32 or not value:
        raise ValueError("a surrogate needs a key of 32 bytes and a value")
    shape = _shape(value)
    if shape is not None:
        for counter in range(ATTEMPTS):
            made = shape(_draw(key, thread, repo, name, part, counter))
            if not _overlaps(made, value, _kept(value)):
                return made
    draw = _draw(key, thread, repo, name, part, 0)
    return SHORT_PREFIX + "".join(draw(_BASE62) for _ in range(SHORT_LENGTH - len(SHORT_PREFIX)))


Draw = Callable[[str], str]
"""Gives the next character, each of an alphabet as likely as the others."""


def _draw(key: bytes, *context: str | int) -> Draw:
    """Characters from HMAC-SHA256 in counter mode; bytes that would favour some characters are skipped."""
    # Each part with its length: two contexts can never run into one.
    parts = [b"surrogate/v1", *(str(part).encode("utf-8", "surrogatepass") for part in context)]
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    stream = _stream(key, message)

    def draw(alphabet: str) -> str:
        limit = 256 - 256 % len(alphabet)
        return alphabet[next(byte for byte in stream if byte < limit) % len(alphabet)]

    return draw


def _stream(key: bytes, message: bytes) -> Iterator[int]:
    for block in count():
        yield from hmac.digest(key, message + block.to_bytes(8), hashlib.sha256)


def _shape(value: str) -> Callable[[Draw], str] | None:
    """How to fill a look-alike of this value; none if it has no room for 80 bits."""
    if _UUID.match(value):
        return lambda draw: _fill_uuid(value, draw)
    if (jwt := _jwt_head(value)) is not None:
        signature = _alphabets(value.rpartition(".")[2])
        return (lambda draw: jwt + _fill(signature, draw)) if _is_roomy(signature) else None
    prefix = _prefix(value)
    rest = value[len(prefix) :]
    ending = "AA" if prefix.startswith("sk-ant-") and rest.endswith("AA") else ""
    alphabets = _alphabets(rest.removesuffix(ending), of_prefix=prefix)
    return (lambda draw: prefix + _fill(alphabets, draw) + ending) if _is_roomy(alphabets) else None


def _prefix(value: str) -> str:
    found = PREFIXES.match(value)
    return found.group() if found else ""


def _alphabets(text: str, of_prefix: str = "") -> list[str]:
    """For each character its alphabet: one of a single character for separators, the class of its run for the rest."""
    alphabets: list[str] = []
    for run in re.findall(r"[-_./+=:~]|[^-_./+=:~]+", text):
        if run in SEPARATORS:
            alphabets.append(run)
        elif of_prefix in ("AKIA", "ASIA"):
            alphabets += [_BASE32] * len(run)
        else:
            fitting = (alphabet for alphabet in _CLASSES if set(run) <= set(alphabet))
            alphabets += [next(fitting, _BASE62)] * len(run)
    return alphabets


def _is_roomy(alphabets: list[str]) -> bool:
    variable = [alphabet for alphabet in alphabets if len(alphabet) > 1]
    return len(variable) >= MIN_VARIABLE and sum(math.log2(len(alphabet)) for alphabet in variable) >= MIN_BITS


def _fill(alphabets: list[str], draw: Draw) -> str:
    return "".join(alphabet if len(alphabet) == 1 else draw(alphabet) for alphabet in alphabets)


def _fill_uuid(value: str, draw: Draw) -> str:
    """Dashes, version and variant kept (RFC 9562 §4)."""
    digits = string.digits + ("ABCDEF" if value.upper() == value else "abcdef")
    variants = "89ab" if value.upper() != value else "89AB"
    kept = {8: "-", 13: "-", 14: value[14], 18: "-", 23: "-"}
    return "".join(kept.get(i) or draw(variants if i == 19 else digits) for i in range(36))


def _jwt_head(value: str) -> str | None:
    """Header and claims of a JWT's surrogate, the claims cut to `exp` and `iat` (RFC 7519 §4.1); none for others."""
    if not value.startswith("eyJ") or value.count(".") != 2:
        return None
    header, claims, _ = value.split(".")
    try:
        decoded = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(decoded, dict):
        return None
    kept = json.dumps({claim: decoded[claim] for claim in ("exp", "iat") if claim in decoded}, separators=(",", ":"))
    return f"{header}.{base64.urlsafe_b64encode(kept.encode()).decode().rstrip('=')}."


def _kept(value: str) -> str:
    """The part of the original that its surrogate repeats on purpose."""
    head = _jwt_head(value)
    return head if head is not None else _prefix(value)


def _overlaps(made: str, value: str, kept: str) -> bool:
    """Whether the variable part repeats eight characters in a row of the original's."""
    rest = made[len(kept) :]
    original = value.rpartition(".")[2] if kept.endswith(".") else value[len(kept) :]
    if made == value or value in made:
        return True
    runs = {original[i : i + OVERLAP] for i in range(len(original) - OVERLAP + 1)}
    return any(rest[i : i + OVERLAP] in runs for i in range(len(rest) - OVERLAP + 1) if _varies(rest[i : i + OVERLAP]))


def _varies(text: str) -> bool:
    return any(c not in SEPARATORS for c in text)
