"""The signature of a request, as its `Authorization` field or its query holds it (SigV4 and SigV4A)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import unquote_to_bytes

from proxy.acceptance import Fields

HMAC = "AWS4-HMAC-SHA256"
ECDSA = "AWS4-ECDSA-P256-SHA256"
Algorithm = Literal["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"]
MAX_EXPIRES = 7 * 24 * 3600  # seconds for which a presigned URL may be good, AWS's own limit
_KEY_ID = r"[\x21-\x2b\x2d\x2e\x30-\x7e]{1,128}"
_SCOPE_PART = r"[A-Za-z0-9_.\-]{1,64}"
_CREDENTIAL = re.compile(rf"({_KEY_ID})/(\d{{8}})/({_SCOPE_PART}(?:/{_SCOPE_PART})?)/aws4_request\Z", re.ASCII)
_NAMES = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+(?:;[!#$%&'*+\-.^_`|~0-9a-z]+)*\Z")
_HEX = re.compile(r"[0-9a-f]+\Z")
_PARAMETERS = frozenset({"credential", "signedheaders", "signature"})
_QUERY = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
)


class Malformed(ValueError):
    """Something that is meant as a signature, and is none; the text says what is wrong and holds no value."""


@dataclass(frozen=True)
class Signature:
    """What a signature says of itself. `region` is empty in SigV4A; `expires` is there in presigned requests only."""

    algorithm: Algorithm
    key_id: str
    date: str
    region: str
    service: str
    timestamp: str
    signed: tuple[str, ...]
    value: str
    expires: int | None = None

    @property
    def presigned(self) -> bool:
        """Whether it stands in the query."""
        return self.expires is not None

    @property
    def scope(self) -> str:
        """The credential scope, which both the string to sign and the credential hold."""
        return "/".join(part for part in (self.date, self.region, self.service, "aws4_request") if part)

    @property
    def signed_at(self) -> datetime:
        """The time of signing."""
        return datetime.strptime(self.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def pairs(query: bytes) -> list[tuple[bytes, bytes]]:
    """The parameters of a query as they are written; one without `=` has an empty value."""
    return [(name, value) for name, _, value in (pair.partition(b"=") for pair in query.split(b"&") if pair)]


def read(fields: Fields, query: bytes) -> Signature | None:
    """The signature of a request; none if it does not claim to have one.

    Raises:
        Malformed: it has two, or one that cannot be read in one way only.
    """
    authorization = [_text(value) for name, value in fields if name.lower() == b"authorization"]
    ours = [value for value in authorization if value.lower().startswith("aws4-")]
    in_query = {_text(unquote_to_bytes(name)).lower() for name, _ in pairs(query)}
    presigned = not in_query.isdisjoint({"x-amz-algorithm", "x-amz-credential", "x-amz-signature"})
    if not ours and not presigned:
        return None
    if len(authorization) + presigned > 1:
        raise Malformed("more than one signature")
    return _from_query(query) if presigned else _from_header(ours[0], fields)


def _from_header(value: str, fields: Fields) -> Signature:
    algorithm, _, rest = value.partition(" ")
    parameters: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, content = part.strip(" \t").partition("=")
        if not equals or name.lower() not in _PARAMETERS or name.lower() in parameters:
            raise Malformed("Authorization holds other parameters, or one twice")
        parameters[name.lower()] = content
    if parameters.keys() != _PARAMETERS:
        raise Malformed("Authorization lacks a parameter")
    times = [_text(content).strip() for name, content in fields if name.lower() == b"x-amz-date"]
    if len(times) != 1:
        raise Malformed("X-Amz-Date is missing or repeated")
    return _checked(algorithm, parameters, times[0], None)


def _from_query(query: bytes) -> Signature:
    found: dict[str, str] = {}
    known = {name.lower(): name for name in _QUERY}
    for raw_name, raw_value in pairs(query):
        name = _text(unquote_to_bytes(raw_name))
        if name.lower() not in known:
            continue
        if name != known[name.lower()] or name in found:
            raise Malformed(f"{known[name.lower()]} is repeated or misspelt")
        found[name] = _text(unquote_to_bytes(raw_value))
    missing = [name for name in _QUERY if name not in found]
    if missing:
        raise Malformed(f"{missing[0]} is missing")
    parameters = {
        "credential": found["X-Amz-Credential"],
        "signedheaders": found["X-Amz-SignedHeaders"],
        "signature": found["X-Amz-Signature"],
    }
    expires = found["X-Amz-Expires"]
    if not re.fullmatch(r"[0-9]{1,6}", expires) or not 1 <= int(expires) <= MAX_EXPIRES:
        raise Malformed("X-Amz-Expires is not between 1 second and 7 days")
    return _checked(found["X-Amz-Algorithm"], parameters, found["X-Amz-Date"], int(expires))


def _checked(algorithm: str, parameters: dict[str, str], timestamp: str, expires: int | None) -> Signature:
    credential = _CREDENTIAL.match(parameters["credential"])
    if algorithm not in (HMAC, ECDSA) or credential is None:
        raise Malformed("algorithm or credential cannot be read")
    key_id, date, place = credential.groups()
    region, _, service = place.rpartition("/")
    if (algorithm == HMAC) != bool(region):
        raise Malformed("the credential's scope is not of this algorithm")
    signed = parameters["signedheaders"]
    if not _NAMES.match(signed) or "host" not in (names := signed.split(";")) or len(set(names)) != len(names):
        raise Malformed("SignedHeaders is not a list of names with the host in it")
    if not _HEX.match(parameters["signature"]) or len(parameters["signature"]) > 160:
        raise Malformed("the signature is not hexadecimal")
    found = Signature(
        algorithm=HMAC if algorithm == HMAC else ECDSA,  # type: ignore[arg-type]  # mypy does not narrow to the literal
        key_id=key_id,
        date=date,
        region=region,
        service=service,
        timestamp=timestamp,
        signed=tuple(names),
        value=parameters["signature"],
        expires=expires,
    )
    _check_time(found)
    return found


def _check_time(found: Signature) -> None:
    if not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", found.timestamp) or not found.timestamp.startswith(found.date):
        raise Malformed("X-Amz-Date is not a time of the credential's date")
    try:
        found.signed_at  # noqa: B018 - a day such as the 32nd is an error only here
    except ValueError:
        raise Malformed("X-Amz-Date is not a time") from None


def authorization(signature: Signature, key_id: str, value: str) -> bytes:
    """The `Authorization` field of another key's signature over the same."""
    signed = ";".join(signature.signed)
    credential = f"{key_id}/{signature.scope}"
    return f"{signature.algorithm} Credential={credential}, SignedHeaders={signed}, Signature={value}".encode()


def one_value(fields: Fields, wanted: bytes) -> bytes | None:
    """The value of a field that may be there once.

    Raises:
        Malformed: it is there more than once.
    """
    values: Sequence[bytes] = [value for name, value in fields if name.lower() == wanted]
    if len(values) > 1:
        raise Malformed(f"{wanted.decode()} is repeated")
    return values[0].strip(b" \t") if values else None


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip(" \t")
