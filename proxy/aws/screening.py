"""AWS requests by whose key they are: ours are taken on, others do not leave (credentials.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from proxy import matching
from proxy.acceptance import Fields
from proxy.aws import signature
from proxy.aws.credential import AwsCredential
from proxy.aws.signature import Malformed, Signature
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.rules import Entry

HOSTS = ("*.amazonaws.com", "*.amazonaws.com.cn", "*.api.aws")
# What STS does without handing out a key; everything else of it mints one, or may tomorrow.
_HARMLESS_STS = frozenset({b"GetCallerIdentity", b"DecodeAuthorizationMessage", b"GetAccessKeyInfo"})
_FOREIGN_QUERY = frozenset({b"awsaccesskeyid", b"x-amz-security-token"})


@dataclass(frozen=True)
class Claim:
    """A request that is signed with a surrogate of ours."""

    credential: AwsCredential
    signature: Signature


def screen(
    credentials: Sequence[AwsCredential], entry: Entry, asked: Asked, fields: Fields, target: bytes
) -> Claim | None:
    """Whose request this is; None where it carries no AWS key and needs none.

    Raises:
        Refused: it carries somebody else's, in whichever of the places that AWS reads; or writes without any.
    """
    own = [credential for credential in credentials if _claims(credential, asked.host)]
    if not own and not any(matching.host_matches(pattern, asked.host) for pattern in HOSTS):
        return None
    if not own and entry.foreign_credentials == "allow":
        return None
    query = target.partition(b"?")[2]
    try:
        found = signature.read(fields, query)
    except Malformed as error:
        raise Refused(Reason.AWS_RESIGN_FAILED, str(error)) from None
    if found is None:
        _check_unsigned(own, asked, fields, query)
        return None
    usable = [c for c in in_scope(own, asked) if c.key_id.surrogate == found.key_id]
    if not usable:
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS key id")
    claim = Claim(usable[0], found)
    _check_scope(claim, query)
    return claim


def in_scope(credentials: Sequence[AwsCredential], asked: Asked) -> tuple[AwsCredential, ...]:
    """Those that may sign a request."""
    return tuple(found for found in credentials if _claims(found, asked.host) and _covers(found, asked))


def _claims(credential: AwsCredential, host: str) -> bool:
    return any(matching.host_matches(pattern, host) for pattern in credential.hosts)


def _covers(credential: AwsCredential, asked: Asked) -> bool:
    return asked.scheme == "https" and asked.port in credential.ports


def _check_unsigned(own: Sequence[AwsCredential], asked: Asked, fields: Fields, query: bytes) -> None:
    names = {unquote_to_bytes(name).lower() for name, _ in signature.pairs(query)}
    values = [value.strip().lower() for name, value in fields if name.lower() == b"authorization"]
    if names & _FOREIGN_QUERY or any(value.startswith(b"aws") for value in values):
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS key id")
    if any(name.lower() in (b"x-amz-security-token", b"x-amz-s3session-token") for name, _ in fields):
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS session token")
    if asked.method in ("GET", "HEAD"):
        return
    types = b",".join(value.lower() for name, value in fields if name.lower() == b"content-type")
    if b"multipart/form-data" in types:
        # A form upload carries its key id and signature in the body, where any key would do.
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS form upload")
    if not any(credential.allow_anonymous for credential in own):
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "unsigned AWS request that writes")


def _check_scope(claim: Claim, query: bytes) -> None:
    credential, found = claim.credential, claim.signature
    if credential.services and found.service not in credential.services:
        raise Refused(Reason.AWS_RESIGN_FAILED, "the credential is not for this service")
    if credential.regions and found.region and found.region not in credential.regions:
        raise Refused(Reason.AWS_RESIGN_FAILED, "the credential is not for this region")
    names = {unquote_to_bytes(name) for name, _ in signature.pairs(query)}
    if found.service.startswith("s3") and b"session" in names:
        raise Refused(Reason.MINT_BLOCKED, "S3 CreateSession")


def check_sts(query: bytes, body: bytes) -> None:
    """Whether an STS call may be made.

    Raises:
        Refused: it would put a key into the agent's hands that works without us.
    """
    said = [*signature.pairs(query), *signature.pairs(body)]
    actions = {unquote_to_bytes(value) for name, value in said if unquote_to_bytes(name) == b"Action"}
    if not actions or not actions <= _HARMLESS_STS:
        named = next(iter(actions - _HARMLESS_STS), b"call without an action")
        raise Refused(Reason.MINT_BLOCKED, "STS " + named[:60].decode("ascii", "replace"))
