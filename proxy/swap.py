"""Surrogates out, real values in: last of all steps, and for the credential's own scope only (credentials.md §3)."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from proxy import glob, matching
from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.rules import Credential

WHOLE_FIELD_PREFIX = "airut-"  # a surrogate for a short value: never swapped as part of a text (§2)


@dataclass(frozen=True)
class Swapped:
    """The fields and the target that go upstream, the names put in, and where a surrogate was seen and left."""

    fields: Fields
    names: tuple[str, ...]
    surrogate_in: tuple[str, ...]
    target: bytes


def in_scope(credentials: Iterable[Credential], asked: Asked) -> tuple[Credential, ...]:
    """The credentials whose scheme, host, port and method all hold for a request that is already allowed."""
    return tuple(
        credential
        for credential in credentials
        if asked.scheme == "https"
        and asked.port in credential.ports
        and (not credential.methods or asked.method in credential.methods)
        and any(matching.host_matches(pattern, asked.host) for pattern in credential.hosts)
    )


def header_in_scope(credential: Credential, name: str) -> bool:
    """Whether a credential may be swapped in a header field of this name."""
    return any(glob.matches(pattern.lower(), name.lower()) for pattern in credential.headers)


def swap(fields: Fields, scope: Sequence[Credential], everywhere: Sequence[Credential], target: bytes) -> Swapped:
    """Every surrogate in scope replaced; every other one reported by the place it was seen in.

    Raises:
        Refused: one of them stands for a value that cannot be had at the moment.
    """
    out: list[tuple[bytes, bytes]] = []
    seen: dict[str, None] = {}
    path, mark, query = target.partition(b"?")
    query, in_query = swap_query(query, scope)
    names = dict.fromkeys(in_query)
    unswapped = [credential for credential in everywhere if credential.name not in in_query]
    for part, credentials, place in ((path, everywhere, "path"), (query, unswapped, "query")):
        if found_in(part, credentials):
            seen[place] = None
    for name, value in fields:
        text = name.decode("ascii", "replace")
        here = [credential for credential in scope if header_in_scope(credential, text)]
        swapped, used = swap_value(value, here)
        names.update(dict.fromkeys(used))
        unswapped = [credential for credential in everywhere if credential.name not in used]
        if found_in(value, unswapped):
            seen[f"header:{text.lower()}"] = None
        out.append((name, swapped))
    for credential in scope:
        if credential.value is None and credential.name in names:
            raise Refused(Reason.CREDENTIAL_UNAVAILABLE, credential.name)
    return Swapped(tuple(out), tuple(names), tuple(seen), path + mark + query)


def swap_query(query: bytes, scope: Sequence[Credential]) -> tuple[bytes, tuple[str, ...]]:
    """A query with the surrogates replaced in the parameters that their credentials name; the rest stays as sent."""
    out: list[bytes] = []
    names: dict[str, None] = {}
    for pair in query.split(b"&"):
        name, equals, value = pair.partition(b"=")
        here = [credential for credential in scope if parameter(name) in credential.query]
        swapped, used = _replace(unquote_to_bytes(value), here) if here else (value, ())
        names.update(dict.fromkeys(used))
        out.append(name + equals + quote_from_bytes(swapped, safe="-_.~").encode() if used else pair)
    return b"&".join(out), tuple(names)


def parameter(name: bytes) -> str:
    """The name of a query parameter as a server reads it (HTML form encoding: `+` is a blank)."""
    return unquote_to_bytes(name.replace(b"+", b" ")).decode("utf-8", "replace")


def swap_value(value: bytes, credentials: Sequence[Credential]) -> tuple[bytes, tuple[str, ...]]:
    """One field value with its surrogates replaced, and the names of those that were."""
    if not credentials:
        return value, ()
    basic = _basic_parts(value)
    if basic is None:
        return _replace(value, credentials)
    user, password = basic.user, basic.password
    user, in_user = _replace(user, credentials)
    password, in_password = _replace(password, credentials)
    used = (*in_user, *in_password)
    if not used:
        return value, ()
    return basic.scheme + b" " + base64.b64encode(user + b":" + password), tuple(dict.fromkeys(used))


def basic_parts(value: bytes) -> tuple[bytes, bytes] | None:
    """User and password of Basic credentials; none where they are not."""
    basic = _basic_parts(value)
    return None if basic is None else (basic.user, basic.password)


def found_in(value: bytes, credentials: Iterable[Credential]) -> bool:
    """Whether a value carries the surrogate of one of these credentials, Basic's encoding included."""
    basic = _basic_parts(value)
    haystack = value if basic is None else value + b"\0" + basic.user + b"\0" + basic.password
    return any(credential.surrogate.encode() in haystack for credential in credentials)


@dataclass(frozen=True)
class _Basic:
    scheme: bytes
    user: bytes
    password: bytes


def _basic_parts(value: bytes) -> _Basic | None:
    """User and password of Basic credentials (RFC 7617 §2); none if they are not, or not valid base64.

    The bytes are UTF-8 or Latin-1. Surrogates and the colon are ASCII, which both write alike, so neither is decoded.
    """
    scheme, _, encoded = value.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except binascii.Error:
        return None
    user, colon, password = decoded.partition(b":")
    return _Basic(scheme, user, password) if colon else None


def _replace(value: bytes, credentials: Sequence[Credential]) -> tuple[bytes, tuple[str, ...]]:
    """All surrogates in one pass, so that what one credential put in is not searched for the next."""
    by_surrogate: dict[bytes, Credential] = {}
    for credential in credentials:  # configuration order: the first of two with one surrogate wins
        by_surrogate.setdefault(credential.surrogate.encode(), credential)
    whole = by_surrogate.get(value.strip())
    if whole is not None:
        return _value(whole), (whole.name,)
    parts = [s for s, credential in by_surrogate.items() if not credential.surrogate.startswith(WHOLE_FIELD_PREFIX)]
    if not parts:
        return value, ()
    used: dict[str, None] = {}

    def real(found: re.Match[bytes]) -> bytes:
        credential = by_surrogate[found.group()]
        used[credential.name] = None
        return _value(credential)

    return re.sub(b"|".join(re.escape(part) for part in parts), real, value), tuple(used)


def _value(credential: Credential) -> bytes:
    """What takes the surrogate's place; where there is nothing, it stays until the request is refused for that."""
    return (credential.surrogate if credential.value is None else credential.value).encode()
