"""Credentials the agent brought itself: removed or refused where ours are meant to be used (credentials.md §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from proxy import beside, glob, matching, swap
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
    kept: list[tuple[bytes, bytes]] = []
    stripped: dict[str, None] = {}
    blocked: dict[str, None] = {}
    for name, value in fields:
        text = _lower(name)
        policy = _policy(text, credentials, entry, asked.host, closed=closed)
        ours = value if policy == "allow" or (signed and text == "authorization") else _ours(text, value, scope)
        if ours is not None:
            kept.append((name, ours))
        if ours != value:
            (blocked if ours is None and policy == "block" else stripped)[text] = None
    present = {_lower(name) for name, _ in kept}
    for text in blocked:
        if text not in present:
            raise Refused(Reason.FOREIGN_CREDENTIAL_BLOCKED, text)
    return Screened(tuple(kept), tuple(stripped | blocked))


def _ours(name: str, value: bytes, scope: Sequence[Credential]) -> bytes | None:
    """As much of a field as is meant with our credentials; None where that is nothing."""
    here = [credential for credential in scope if swap.header_in_scope(credential, name)]
    if not swap.swap_value(value, here)[1]:
        return None
    if name == "cookie":
        return beside.own_cookies(value, here)
    return None if beside.is_mixed(value, here) else value


def screen_query(
    target: bytes, credentials: Sequence[Credential], entry: Entry, asked: Asked, *, model_hosts: Sequence[str] = ()
) -> tuple[bytes, tuple[str, ...]]:
    """The target without foreign credentials in its query, and the parameters that were removed.

    Raises:
        Refused: `foreign_credential_blocked`, with the parameter's name.
    """
    path, mark, query = target.partition(b"?")
    claimants = _claimants(credentials, asked.host)
    closed: Foreign = "block" if _is_model(asked.host, credentials, model_hosts) else "allow"
    unclaimed = "allow" if claimants else entry.foreign_credentials or closed
    if not query or not (claimants or unclaimed != "allow"):
        return target, ()
    scope = swap.in_scope(credentials, asked)
    kept: list[bytes] = []
    stripped: dict[str, None] = {}
    for pair in query.split(b"&"):
        name = swap.parameter(pair.partition(b"=")[0])
        is_known = name.lower() in KNOWN_PARAMETERS
        claims = {c.foreign for c in claimants if is_known or name in c.query} | ({unclaimed} if is_known else set())
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
    is_aws = any(matching.host_matches(pattern, host) for pattern in AWS_HOSTS)
    return is_aws or _is_model(host, credentials, model_hosts)


def _is_model(host: str, credentials: Sequence[Credential], model_hosts: Sequence[str]) -> bool:
    models = [*MODEL_HOSTS, *model_hosts, *(pattern for c in credentials if c.kind == "claude" for pattern in c.hosts)]
    return any(matching.host_matches(pattern, host) for pattern in models)
