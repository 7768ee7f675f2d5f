"""The order of all steps from a request head to the one that may go upstream. No mitmproxy in here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from proxy import acceptance, foreign, hosts, inspection, matching, overrides, responses, swap, upstream
from proxy.acceptance import Fields, Head
from proxy.aws import resign, screening
from proxy.aws.resign import BodyRewriter, Outgoing, Resigned
from proxy.aws.screening import Claim
from proxy.block import Reason, Refused
from proxy.inspection import Plan
from proxy.matching import Asked
from proxy.rules import DEFAULT_PORTS, Entry, Rules
from proxy.upstream import IPAddress

Resolve = Callable[[str], Awaitable[tuple[IPAddress, ...]]]


@dataclass(frozen=True)
class Clearance:
    """What goes upstream, where to, and what the log says of it."""

    asked: Asked
    rule: str
    addresses: tuple[IPAddress, ...]
    authority: str
    target: bytes
    fields: Fields
    rewrite: BodyRewriter | None
    credentials: tuple[str, ...]
    stripped: tuple[str, ...]
    surrogate_in: tuple[str, ...]
    body: Plan


async def decide(rules: Rules, head: Head, resolve: Resolve) -> Clearance:
    """Judges a request on its head, before a byte of it goes anywhere; says what its body must be held to.

    Real values come in last: no step before the swap sees one, and after it only an AWS signature can refuse, which
    covers what the swap made.

    Raises:
        Refused: with the first reason found.
    """
    asked = acceptance.accept(head)
    entry = _admitted(rules, asked)
    for other in overrides.also_asked(asked, head.fields):
        _admitted(rules, other)
    planned = inspection.plan(rules, entry, asked, head.fields)
    fields = acceptance.end_to_end(head.fields)
    if rules.secrets():
        fields = responses.limit_codings(fields)
    claim = screening.screen(rules.aws, entry, asked, fields, head.target)
    screened = foreign.screen(fields, rules.credentials, entry, asked, signed=claim is not None)
    target, stripped = head.target, tuple[str, ...]()
    if claim is None:  # what is signed cannot be changed, and AWS's own parameters were looked at
        target, stripped = foreign.screen_query(head.target, rules.credentials, asked)
    addresses = await resolve(asked.host)
    upstream.check_addresses(
        addresses,
        entry_ranges=entry.addresses,
        private_ranges=rules.private_ranges,
        own=rules.listen_address,
    )
    scope = swap.in_scope(rules.credentials, asked)
    swapped = swap.swap(screened.fields, scope, rules.credentials, target)
    authority = hosts.to_authority(asked.host, asked.port, DEFAULT_PORTS[asked.scheme])
    fields = _with_authority(swapped.fields, authority, http2=head.http2)
    resigned = Resigned(swapped.target, fields, None)
    if claim is not None:
        resigned = _resigned(claim, head, Outgoing(asked.method, head.target, fields, authority.encode(), _host(head)))
    return Clearance(
        asked=asked,
        rule=entry.rule,
        addresses=addresses,
        authority=authority,
        target=resigned.target,
        fields=resigned.fields,
        rewrite=resigned.body,
        credentials=(*swapped.names, *([claim.credential.name] if claim is not None else [])),
        stripped=(*screened.stripped, *stripped),
        surrogate_in=swapped.surrogate_in,
        body=planned,
    )


def _resigned(claim: Claim, head: Head, request: Outgoing) -> Resigned:
    """The request with the real signature, if its head is enough to make one."""
    body = None
    if resign.needs_body(claim, request):
        if head.http2 or any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in head.fields):
            raise Refused(Reason.AWS_RESIGN_FAILED, "send X-Amz-Content-Sha256 with the hash of the body")
        body = b""
    return resign.resign(claim, request, datetime.now(UTC), body)


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
