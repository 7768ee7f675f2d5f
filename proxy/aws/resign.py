"""One signed request: checked against the surrogate's key, then signed with the real one (credentials.md §6)."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import quote, unquote_to_bytes

from proxy.acceptance import Fields
from proxy.aws import canonical, keys, signature
from proxy.aws.chunks import chunks
from proxy.aws.credential import TOKEN_FIELDS
from proxy.aws.screening import Claim, mint
from proxy.aws.sessions import SessionMint
from proxy.aws.signature import ECDSA, Malformed, Signature
from proxy.block import Reason, Refused

MAX_SKEW = 15 * 60  # seconds, AWS's own limit
_HASH = b"x-amz-content-sha256"
_UNSIGNED = ("UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True)
class Outgoing:
    """A request as it would go upstream, and the host as the agent wrote it."""

    method: str
    target: bytes
    fields: Fields
    host: bytes
    received_host: bytes


class BodyRewriter(Protocol):
    """Turns a request body into the one that goes upstream; an empty piece is the end."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Raises:
        Malformed: the body is not what was signed.
        """
        ...


@dataclass(frozen=True)
class Resigned:
    """The request with the real signature, and what its answer hands out."""

    target: bytes
    fields: Fields
    body: BodyRewriter | None
    mint: SessionMint | None = None


class Hashed:
    """A body whose hash was signed: its last piece goes on only when all of it was right."""

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._hash = hashlib.sha256()
        self._last = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        if piece:
            self._hash.update(piece)
            piece, self._last = self._last, piece
        else:
            if self._hash.hexdigest() != self._expected:
                raise Malformed("the body is not the one that was signed")
            piece, self._last = self._last, b""
        if piece:
            yield piece


def needs_body(claim: Claim, request: Outgoing) -> bool:
    """Whether the request can be judged and signed only when its whole body is there.

    Raises:
        Refused: what it says of its payload is nothing that is known.
    """
    with _refusing():
        return claim.signature.service == "sts" or _declared_payload(claim.signature, request) is None


def _declared_payload(found: Signature, request: Outgoing) -> str | None:
    header = signature.one_value(request.fields, _HASH)
    query = request.target.partition(b"?")[2]
    in_query = [value for name, value in signature.pairs(query) if unquote_to_bytes(name).lower() == _HASH]
    if header is not None or in_query:
        if len(in_query) > (header is None):
            raise Malformed("X-Amz-Content-Sha256 is repeated")
        said = (header if header is not None else unquote_to_bytes(in_query[0])).decode("latin-1")
        streaming = "STREAMING-" + ("AWS4-ECDSA-P256-SHA256" if found.algorithm == ECDSA else "AWS4-HMAC-SHA256")
        chunked = (f"{streaming}-PAYLOAD", f"{streaming}-PAYLOAD-TRAILER")
        if _SHA256.match(said) or said in _UNSIGNED or (said in chunked and not found.presigned):
            return said
        raise Malformed("X-Amz-Content-Sha256 says nothing that is known")
    return "UNSIGNED-PAYLOAD" if found.presigned and found.service.startswith("s3") else None


def resign(claim: Claim, request: Outgoing, now: datetime, body: bytes | None = None) -> Resigned:
    """The request as the real key signs it. `body` is needed where `needs_body` says so.

    Raises:
        Refused: nothing was signed.
    """
    if not claim.credential.is_available:
        raise Refused(Reason.CREDENTIAL_UNAVAILABLE, claim.credential.name)
    with _refusing():
        _check_time(claim.signature, now)
        payload = _declared_payload(claim.signature, request)
        if body is None:
            if needs_body(claim, request) or payload is None:
                raise Malformed("the body is needed to check the signature")
            return _resign(claim, request, payload, None)
        if payload is not None and payload.startswith("STREAMING-"):
            raise Malformed("the body must be read whole here: sign its hash, not its chunks")
        digest = hashlib.sha256(body).hexdigest()
        if payload not in (None, digest, "UNSIGNED-PAYLOAD"):
            raise Malformed("the body is not the one that was signed")
        return _resign(claim, request, payload or digest, body)


class _refusing:  # noqa: N801 - reads as a statement
    """Turns what is wrong with a signature into the refusal of its request."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Malformed):
            raise Refused(Reason.AWS_RESIGN_FAILED, str(error)) from None


def _check_time(found: Signature, now: datetime) -> None:
    age = (now - found.signed_at).total_seconds()
    if found.expires is not None and age > found.expires:
        raise Malformed("the presigned URL has expired")
    if age < -MAX_SKEW or (found.expires is None and age > MAX_SKEW):
        raise Malformed(f"the request was signed {abs(age):.0f} s {'ago' if age > 0 else 'from now'}; check the clock")


def _resign(claim: Claim, request: Outgoing, payload: str, body: bytes | None) -> Resigned:
    credential, theirs, rewrite = claim.credential, claim.signature, body is None
    handed_out = mint(claim, request.target.partition(b"?")[2], body)
    agent_key = keys.key(theirs, credential.key_id.surrogate, credential.secret.surrogate)
    path, way = _check(agent_key, theirs, request, payload)
    fields, signed = _with_token(claim, request.fields)
    target = _with_credential(claim, request.target)
    real_key = keys.key(theirs, credential.key_id.real, credential.secret.real)
    query = canonical.queries(target.partition(b"?")[2], presigned=theirs.presigned)[way]
    ours = replace(theirs, signed=signed)
    headers = canonical.headers(fields, signed, request.host)
    text = canonical.request(request.method, path, query, headers, signed, payload)
    ours = replace(ours, value=real_key.sign(keys.string_to_sign(ours, text)))
    if theirs.presigned:
        target = _set(target, {b"X-Amz-Signature": ours.value})
    else:
        line = signature.authorization(ours, credential.key_id.real, ours.value)
        fields = tuple((n, line if n.lower() == b"authorization" else v) for n, v in fields)
    rewriter: BodyRewriter | None = None
    if rewrite and _SHA256.match(payload):
        rewriter = Hashed(payload)
    elif rewrite and payload not in _UNSIGNED:
        rewriter = chunks((agent_key, theirs), (real_key, ours), trailer=payload.endswith("TRAILER"))
    return Resigned(target, fields, rewriter, handed_out)


def _check(key: keys.Key, found: Signature, request: Outgoing, payload: str) -> tuple[bytes, int]:
    """The agent's own signature, and in which writing of path and query it holds."""
    path, _, query = request.target.partition(b"?")
    headers = canonical.headers(request.fields, found.signed, request.received_host)
    for written in canonical.paths(path, found.service):
        for way, parameters in enumerate(canonical.queries(query, presigned=found.presigned)):
            text = canonical.request(request.method, written, parameters, headers, found.signed, payload)
            if key.verifies(keys.string_to_sign(found, text), found.value):
                return written, way
    raise Malformed("the signature does not match the request")


def _with_token(claim: Claim, fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """The session token of the credential in place of its surrogate, and the names that are signed then."""
    token, wanted, found = claim.credential.token, claim.credential.token_field, claim.signature
    for name in TOKEN_FIELDS:
        sent = signature.one_value(fields, name)
        surrogate = token.surrogate if token is not None and name == wanted and not found.presigned else None
        if sent is not None and (surrogate is None or not _same(sent, surrogate)):
            raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS session token")
    if token is None or found.presigned:
        return fields, found.signed
    rest = tuple((name, value) for name, value in fields if name.lower() != wanted)
    signed = tuple(sorted({*found.signed, wanted.decode()}))
    return (*rest, (TOKEN_FIELDS[wanted], token.real.encode())), signed


def _with_credential(claim: Claim, target: bytes) -> bytes:
    credential, found = claim.credential, claim.signature
    if not found.presigned:
        return target
    token, wanted = credential.token, credential.token_field
    named = [(unquote_to_bytes(n).lower(), unquote_to_bytes(v)) for n, v in signature.pairs(target.partition(b"?")[2])]
    sent = [(name, value) for name, value in named if name in TOKEN_FIELDS]
    if len(sent) > 1 or any(n != wanted or token is None or not _same(value, token.surrogate) for n, value in sent):
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS session token")
    values = {b"X-Amz-Credential": f"{credential.key_id.real}/{found.scope}"}
    if token is not None:
        values[TOKEN_FIELDS[wanted]] = token.real
    return _set(target, values)


def _same(sent: bytes, surrogate: str) -> bool:
    return hmac.compare_digest(sent, surrogate.encode())


def _set(target: bytes, values: dict[bytes, str]) -> bytes:
    """A target with these parameters, each where it stood, or at the end."""
    path, _, query = target.partition(b"?")
    waiting = {name.lower(): value for name, value in values.items()}
    out = []
    for name, value in signature.pairs(query):
        new = waiting.pop(unquote_to_bytes(name).lower(), None)
        out.append(name + b"=" + (value if new is None else quote(new, safe="-_.~").encode()))
    spelt = {name.lower(): name for name in values}
    out += [spelt[name] + b"=" + quote(value, safe="-_.~").encode() for name, value in waiting.items()]
    return path + b"?" + b"&".join(out)
