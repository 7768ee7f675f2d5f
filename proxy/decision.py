"""The order of all steps from a request head to the one that may go upstream. No mitmproxy in here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from proxy import (
    acceptance,
    foreign,
    hosts,
    inspection,
    json_swap,
    matching,
    mints,
    overrides,
    responses,
    swap,
    upstream,
)
from proxy.acceptance import Fields, Head
from proxy.aws import resign, screening
from proxy.aws.resign import BodyRewriter, Outgoing, Resigned
from proxy.aws.screening import Claim
from proxy.aws.sessions import SessionMint
from proxy.block import Reason, Refused
from proxy.inspection import Plan
from proxy.matching import Asked
from proxy.mints import Mint
from proxy.rules import DEFAULT_PORTS, Credential, Entry, Rules
from proxy.upstream import IPAddress
from proxy.whole import Awaited, Signing

Resolve = Callable[[str], Awaitable[tuple[IPAddress, ...]]]


@dataclass(frozen=True)
class Clearance:
    """What goes upstream, where to, and what the log says of it."""

    asked: Asked
    addresses: tuple[IPAddress, ...]
    authority: str
    target: bytes
    fields: Fields
    rewrite: BodyRewriter | None
    credentials: tuple[str, ...]
    stripped: tuple[str, ...]
    surrogate_in: tuple[str, ...]
    claim: Claim | None
    body: Awaited
    mint: Mint | SessionMint | None


@dataclass(frozen=True)
class Admitted:
    """A request that the allowlist admits, by which entry, and what its body will be held to."""

    asked: Asked
    entry: Entry
    body: Plan


def admit(rules: Rules, head: Head) -> Admitted:
    """Judges a request on its head; the part of a decision that takes no value of a credential and no look-up.

    Raises:
        Refused: with the first reason found.
    """
    asked = acceptance.accept(head)
    entry = _admitted(rules, asked)
    for other in overrides.also_asked(asked, head.fields):
        _admitted(rules, other)
    mints.check_login(rules.credentials, asked, rules.model_hosts)
    return Admitted(asked, entry, inspection.plan(rules, entry, asked, head.fields))


async def clear(rules: Rules, head: Head, admitted: Admitted, resolve: Resolve) -> Clearance:
    """The request that goes upstream, for one that the allowlist admits; still before a byte of it goes anywhere.

    Real values come in last: no step before the swap sees one, and after it only an AWS signature can refuse, which
    covers what the swap made.

    Raises:
        Refused: with the first reason found.
    """
    asked, entry = admitted.asked, admitted.entry
    fields = acceptance.end_to_end(head.fields)
    if rules.secrets():
        fields = responses.limit_codings(fields)
    claim = screening.screen(rules.aws, entry, asked, fields, head.target)
    screened = foreign.screen(
        fields, rules.credentials, entry, asked, model_hosts=rules.model_hosts, signed=claim is not None
    )
    target, stripped = head.target, tuple[str, ...]()
    if claim is None:  # what is signed cannot be changed, and AWS's own parameters were looked at
        target, stripped = foreign.screen_query(
            head.target, rules.credentials, entry, asked, model_hosts=rules.model_hosts
        )
    addresses = await resolve(asked.host)
    upstream.check_addresses(
        addresses,
        entry_ranges=entry.addresses,
        private_ranges=rules.private_ranges,
        own=rules.own_addresses,
    )
    scope = swap.in_scope(rules.credentials, asked)
    swapped = swap.swap(screened.fields, scope, rules.credentials, target)
    authority = hosts.to_authority(asked.host, asked.port, DEFAULT_PORTS[asked.scheme])
    fields = _with_authority(swapped.fields, authority, http2=head.http2)
    outgoing = Outgoing(asked.method, head.target, fields, authority.encode(), _host(head))
    signing = Signing(claim, outgoing) if claim is not None else None
    going = _going(admitted, scope, signing, Resigned(swapped.target, fields, None), swapped.names)
    return Clearance(
        asked=asked,
        addresses=addresses,
        authority=authority,
        target=going.request.target,
        fields=going.request.fields,
        rewrite=going.request.body,
        credentials=going.names,
        stripped=(*screened.stripped, *stripped),
        surrogate_in=swapped.surrogate_in,
        claim=claim,
        body=going.awaited,
        mint=going.mint,
    )


@dataclass(frozen=True)
class _Going:
    """A request with its real values in, as far as its head is enough for that."""

    request: Resigned
    names: tuple[str, ...]
    awaited: Awaited
    mint: Mint | SessionMint | None


def _going(
    admitted: Admitted,
    scope: tuple[Credential, ...],
    signing: Signing | None,
    request: Resigned,
    names: tuple[str, ...],
) -> _Going:
    """What is left to do when the head is swapped: the body waits for what needs it, and AWS's signature is made."""
    asked = admitted.asked
    in_body = _with_pointers(scope, request.fields)
    by_head = mints.expected(scope, asked, names)
    by_body = mints.expected(scope, asked, [*names, *(c.name for c in in_body)]) if in_body else by_head
    awaited = Awaited(admitted.body, in_body, mint=by_body)
    if signing is None:
        return _Going(request, names, awaited, by_head)
    if awaited.is_needed or resign.needs_body(signing.claim, signing.request):
        return _Going(request, names, replace(awaited, signing=signing), None)
    resigned = resign.resign(signing.claim, signing.request, datetime.now(UTC))
    return _Going(resigned, (*names, signing.claim.credential.name), awaited, resigned.mint)


def _with_pointers(scope: tuple[Credential, ...], fields: Fields) -> tuple[Credential, ...]:
    """The credentials that may be swapped in this request's body."""
    return tuple(c for c in scope if c.pointers) if json_swap.is_json(fields) else ()


def _host(head: Head) -> bytes:
    """The host as the client wrote and signed it."""
    return next((value for name, value in head.fields if name.lower() == b"host"), head.authority)


def _admitted(rules: Rules, asked: Asked) -> Entry:
    verdict = matching.decide(rules.entries, asked)
    if verdict.entry is None:
        raise Refused(verdict.reason or Reason.INTERNAL_ERROR)
    return verdict.entry


def _with_authority(fields: Fields, authority: str, *, http2: bool) -> Fields:
    """One spelling of the host for the upstream: `:authority` alone in HTTP/2 (RFC 9113 §8.3.1), else `Host` first."""
    rest = tuple((name, value) for name, value in fields if name.lower() != b"host")
    return rest if http2 else ((b"Host", authority.encode("ascii")), *rest)
