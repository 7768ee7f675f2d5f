"""Surrogates in JSON bodies: whole strings, where the credential's pointers say (credentials.md §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxy import bodies, pointers
from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.bodies import Json, TooLarge, Undecodable
from proxy.rules import Credential


@dataclass(frozen=True)
class SwappedBody:
    """The body and the fields that go upstream, and the names put in."""

    body: bytes
    fields: Fields
    names: tuple[str, ...]


def is_json(fields: Fields) -> bool:
    """Whether a body is said to be JSON (RFC 8259 §11, RFC 6839 §3.1)."""
    types = [value.partition(b";")[0].strip().lower() for name, value in fields if name.lower() == b"content-type"]
    return any(kind in (b"application/json", b"text/json") or kind.endswith(b"+json") for kind in types)


def swap(raw: bytes, fields: Fields, credentials: Sequence[Credential]) -> SwappedBody:
    """A body with the real values in; one that holds no surrogate where it may be swapped stays byte for byte.

    Raises:
        Refused: it cannot be read in one way, or holds the surrogate of a value that cannot be had at the moment.
    """
    if not raw:
        return SwappedBody(raw, fields, ())
    document = _document(raw, fields)
    names: dict[str, None] = {}
    for credential in credentials:

        def real(value: Json, credential: Credential = credential) -> Json:
            if value != credential.surrogate:
                return value
            if credential.value is None:
                raise Refused(Reason.CREDENTIAL_UNAVAILABLE, credential.name)
            names[credential.name] = None
            return credential.value

        for pointer in credential.pointers:
            document = pointers.changed(document, pointer, real)
    if not names:
        return SwappedBody(raw, fields, ())
    plain = tuple((name, value) for name, value in fields if name.lower() != b"content-encoding")
    return SwappedBody(bodies.serialised(document), plain, tuple(names))


def _document(raw: bytes, fields: Fields) -> Json:
    try:
        return bodies.parsed(bodies.decoded(raw, fields, bodies.MAX_INSPECTED))
    except TooLarge:
        raise Refused(Reason.BODY_TOO_LARGE_TO_INSPECT, "over 32 MiB when decoded") from None
    except Undecodable as error:
        raise Refused(Reason.BODY_NOT_INSPECTABLE, str(error)) from None
