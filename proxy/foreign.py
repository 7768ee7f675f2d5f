"""Credentials the agent brought itself: removed or refused where ours are meant to be used (credentials.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxy import glob, matching, swap
from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.matching import Asked
from proxy.rules import Credential, Entry, Foreign

# Query parameters that carry credentials somewhere, besides those that a credential names.
KNOWN_PARAMETERS = frozenset({"access_token", "private_token", "api_key", "key", "sig"})
# Headers known to carry credentials: a glob in a credential's `headers` claims these only.
KNOWN = ("authorization", "x-api-key", "private-token", "job-token", "deploy-token", "cookie", "x-auth-*")
MODEL_HOSTS = ("api.anthropic.com",)
AWS_HOSTS = ("*.amazonaws.com", "*.amazonaws.com.cn", "*.api.aws")
_STRICTEST: tuple[Foreign, ...] = ("block", "strip", "allow")


@dataclass(frozen=True)
class Screened:
    """The fields that are left, and the names of those that were removed."""

    fields: Fields
    stripped: tuple[str, ...]


def screen(
    fields: Fields,
    credentials: Sequence[Credential],
    entry: Entry,
    asked: Asked,
    *,
    model_hosts: Sequence[str] = (),
    signed: bool = False,
) -> Screened:
    """Judges every credential-carrying header field in which no surrogate in scope is found.

    `model_hosts` are closed like Anthropic's; `signed` says that `Authorization` is known to be a signature that will
    be made anew.

    Raises:
        Refused: `foreign_credential_blocked`, with the header's name.
    """
    scope = swap.in_scope(credentials, asked)
    closed = _is_closed(asked.host, credentials, model_hosts)
    ours = {_lower(name) for name, value in fields if _is_ours(name, value, scope)}
    kept: list[tuple[bytes, bytes]] = []
    stripped: dict[str, None] = {}
    for name, value in fields:
        text = _lower(name)
        policy = _policy(text, credentials, entry, asked.host, closed=closed)
        if policy == "allow" or _is_ours(name, value, scope) or (signed and text == "authorization"):
            kept.append((name, value))
        elif policy == "block" and text not in ours:
            raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, text)
        else:
            stripped[text] = None
    return Screened(tuple(kept), tuple(stripped))


def screen_query(target: bytes, credentials: Sequence[Credential], asked: Asked) -> tuple[bytes, tuple[str, ...]]:
    """The target without foreign credentials in its query, and the parameters that were removed.

    Raises:
        Refused: `foreign_credential_blocked`, with the parameter's name.
    """
    path, mark, query = target.partition(b"?")
    claimants = _claimants(credentials, asked.host)
    if not claimants or not query:
        return target, ()
    scope = swap.in_scope(credentials, asked)
    kept: list[bytes] = []
    stripped: dict[str, None] = {}
    for pair in query.split(b"&"):
        name = swap.parameter(pair.partition(b"=")[0])
        claims = {c.foreign for c in claimants if name in c.query or name.lower() in KNOWN_PARAMETERS}
        policy = next((policy for policy in _STRICTEST if policy in claims), "allow")
        if policy == "allow" or swap.swap_query(pair, scope)[1]:
            kept.append(pair)
        elif policy == "block":
            raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, f"query parameter {name[:100]}")
        else:
            stripped[f"query:{name[:100]}"] = None
    if not stripped:
        return target, ()
    return path + (mark if kept else b"") + b"&".join(kept), tuple(stripped)


def _claimants(credentials: Sequence[Credential], host: str) -> list[Credential]:
    """Whose hosts these are; the hosts of what a credential may be exchanged for count before it is."""
    return [c for c in credentials if any(matching.host_matches(pattern, host) for pattern in _hosts(c))]


def _hosts(credential: Credential) -> tuple[str, ...]:
    return (*credential.hosts, *(pattern for rule in credential.mints for pattern in rule.hosts))


def _lower(name: bytes) -> str:
    return name.decode("ascii", "replace").lower()


def _is_ours(name: bytes, value: bytes, scope: Sequence[Credential]) -> bool:
    here = [credential for credential in scope if swap.header_in_scope(credential, _lower(name))]
    return bool(swap.swap_value(value, here)[1])


def _policy(name: str, credentials: Sequence[Credential], entry: Entry, host: str, *, closed: bool) -> Foreign:
    """What happens to a foreign value in this header: the strictest of the credentials that claim it on this host.

    A host is a credential's whatever the scheme, port or method: a surrogate is no use there, a foreign value is.
    """
    claimants = _claimants(credentials, host)
    claims = {credential.foreign for credential in claimants if _claims(credential, name)}
    if claims:
        return next(policy for policy in _STRICTEST if policy in claims)
    if not _is_known(name):
        return "allow"
    if claimants and not closed:
        return "allow"
    return entry.foreign_credentials or ("block" if closed else "allow")


def _is_known(name: str) -> bool:
    return any(glob.matches(known, name) for known in KNOWN)


def _claims(credential: Credential, name: str) -> bool:
    patterns = [pattern.lower() for pattern in credential.headers]
    return name in patterns or (_is_known(name) and any(glob.matches(pattern, name) for pattern in patterns))


def _is_closed(host: str, credentials: Sequence[Credential], model_hosts: Sequence[str]) -> bool:
    """Hosts of models and of AWS: a key of somebody else's there is a mailbox of somebody else's."""
    models = [*MODEL_HOSTS, *model_hosts, *(pattern for c in credentials if c.kind == "claude" for pattern in c.hosts)]
    return any(matching.host_matches(pattern, host) for pattern in (*models, *AWS_HOSTS))
