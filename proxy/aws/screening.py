"""AWS requests by whose key they are: ours are taken on, others do not leave (credentials.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_to_bytes

from proxy import matching
from proxy.acceptance import Fields
from proxy.aws import signature
from proxy.aws.credential import S3_SESSION_TOKEN, SECURITY_TOKEN, TOKEN_FIELDS, AwsCredential
from proxy.aws.sessions import SessionMint
from proxy.aws.signature import Malformed, Signature
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.rules import Entry

HOSTS = ("*.amazonaws.com", "*.amazonaws.com.cn", "*.api.aws")
# What STS does without handing out a key; everything else of it mints one, or may tomorrow.
_HARMLESS_STS = frozenset({b"GetCallerIdentity", b"DecodeAuthorizationMessage", b"GetAccessKeyInfo"})
# What hands out a key pair with a session token, which `allow_sts` allows: the sandbox gets surrogates of them.
_KEYS_OF_STS = frozenset(
    {
        b"AssumeRole",
        b"AssumeRoleWithSAML",
        b"AssumeRoleWithWebIdentity",
        b"AssumeRoot",
        b"GetSessionToken",
        b"GetFederationToken",
    }
)
_FOREIGN_QUERY = frozenset({b"awsaccesskeyid", *TOKEN_FIELDS})


@dataclass(frozen=True)
class Claim:
    """A request that is signed with a surrogate of ours."""

    credential: AwsCredential
    signature: Signature

    def shown(self, now: datetime) -> dict[str, str | int]:
        """For the access log; `skew` is by how many seconds the client's clock is behind."""
        found = self.signature
        place = "presigned" if found.presigned else "header"
        skew = round((now - found.signed_at).total_seconds())
        mode = f"{'sigv4' if found.region else 'sigv4a'} {place}"
        return {"service": found.service, "region": found.region, "mode": mode, "skew": skew}


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
    if any(name.lower() in TOKEN_FIELDS for name, _ in fields):
        raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, "AWS session token")
    if asked.host.startswith("sts.") and b"action" in names:
        # What STS does without a signature is to hand out keys for somebody's web identity.
        raise Refused(Reason.MINT_BLOCKED, "unsigned STS call")
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
    if _begins_session(found, query) and not credential.allow_sts:
        raise Refused(Reason.MINT_BLOCKED, "S3 CreateSession")


def _begins_session(found: Signature, query: bytes) -> bool:
    names = {unquote_to_bytes(name) for name, _ in signature.pairs(query)}
    return found.service.startswith("s3") and b"session" in names


def mint(claim: Claim, query: bytes, body: bytes | None) -> SessionMint | None:
    """What the answer to this call hands out; None where it is no key.

    Raises:
        Refused: it would put a key into the agent's hands that works without us.
    """
    if _begins_session(claim.signature, query):
        return SessionMint(claim.credential, S3_SESSION_TOKEN)
    if claim.signature.service != "sts":
        return None
    said = [*signature.pairs(query), *signature.pairs(body or b"")]
    actions = {unquote_to_bytes(value) for name, value in said if unquote_to_bytes(name) == b"Action"}
    mints = actions - _HARMLESS_STS
    if not actions or mints - (_KEYS_OF_STS if claim.credential.allow_sts else frozenset()) or len(actions) > 1:
        named = next(iter(mints), b"call without one action")
        raise Refused(Reason.MINT_BLOCKED, "STS " + named[:60].decode("ascii", "replace"))
    return SessionMint(claim.credential, SECURITY_TOKEN) if mints else None
