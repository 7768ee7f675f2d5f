"""Surrogates for values that come into being while a sandbox runs: random, and known to this process only (§4.3)."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
import string

MIN_VARIABLE = 16  # characters, as for surrogates that are configured: shorter ones could be guessed
SHORT_PREFIX = "airut-"  # swapped as a whole field only
SHORT_LENGTH = 32
_BASE62 = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"
_AWS_KEY_ID = re.compile(r"A[KS]IA[A-Z0-9]{12,}\Z")
_VARIABLE = re.compile(r"[^-_./+=:~]")


def lookalike(value: str) -> str:
    """Something as long as the value, with its separators where they were; a JWT keeps header, `exp` and `iat`."""
    if _AWS_KEY_ID.match(value):
        return value[:4] + "".join(secrets.choice(_BASE32) for _ in value[4:])
    head, tail = _jwt_head(value)
    if len(_VARIABLE.findall(tail)) < MIN_VARIABLE:
        return SHORT_PREFIX + "".join(secrets.choice(_BASE62) for _ in range(SHORT_LENGTH - len(SHORT_PREFIX)))
    return head + _VARIABLE.sub(lambda _: secrets.choice(_BASE62), tail)


def _jwt_head(value: str) -> tuple[str, str]:
    """What clients read of a JWT (RFC 7519 §4.1), and the rest; of another value there is only the rest."""
    parts = value.split(".")
    if len(parts) != 3 or not value.startswith("eyJ"):
        return "", value
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return "", value
    if not isinstance(claims, dict):
        return "", value
    kept = json.dumps({name: claims[name] for name in ("exp", "iat") if isinstance(claims.get(name), int)})
    encoded = base64.urlsafe_b64encode(kept.encode()).decode().rstrip("=")
    return f"{parts[0]}.{encoded}.", parts[2]
