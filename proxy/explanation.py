"""What the proxy would do with a request, and why, for the person who writes the allowlist (network.md §4.4).

Runs the steps of `decision` and `inspection` themselves on a head made from a URL; no mitmproxy is needed for it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from proxy import block, decision, hosts, inspection, matching, swap, upstream
from proxy.acceptance import Fields, Head, accept
from proxy.aws import screening
from proxy.block import Reason, Refused
from proxy.decision import Admitted
from proxy.matching import Asked
from proxy.rules import DEFAULT_PORTS, Entry, Rules

_URL = re.compile(r"(https?)://([^/?]*)(.*)\Z", re.IGNORECASE | re.DOTALL)
MOST_NEAREST = 5


@dataclass(frozen=True)
class Nearest:
    """An entry that does not admit the request, and the first of its conditions that fails."""

    entry: Entry
    fails: Reason


@dataclass(frozen=True)
class Explanation:
    """The decision on one request. `readings` is empty when the request is refused before it is read."""

    refused: Refused | None
    entry: Entry | None
    readings: tuple[str, ...]
    credentials: tuple[str, ...]
    """Names of those whose surrogate would be swapped in this request."""
    guards: tuple[str, ...]
    """The entries whose operation rules the body is held to."""
    is_model_request: bool
    body_is_judged: bool
    """Whether the body decides as well, and none was given."""
    changes: tuple[str, ...]
    nearest: tuple[Nearest, ...]
    suggestion: str | None
    message: str | None


def explain(rules: Rules, method: str, url: str, body: bytes | None = None) -> Explanation:
    """The decision on `method url`, sent as it stands, as JSON where it has a body.

    Raises:
        ValueError: not an http or https URL.
    """
    head = _head(method, url, body)
    try:
        asked = accept(head)
        if head.tls and hosts.ip_literal(asked.host) is not None:  # RFC 6066 §3: so that the handshake is refused
            raise Refused(Reason.HOST_MISMATCH, "TLS to an address carries no host name")
    except Refused as refused:
        return _refused(refused)
    try:
        admitted = decision.admit(rules, head)
    except Refused as refused:
        entry = matching.decide(rules.entries, asked).entry
        return _blocked(rules, asked, refused, entry, block.suggest(_request(asked, head), refused))
    changes, refused_body = _judged(admitted, head.fields, body, rules)
    return Explanation(
        refused=refused_body,
        entry=admitted.entry,
        readings=asked.target.readings,
        credentials=_in_scope(rules, asked) if refused_body is None else (),
        guards=_guards(rules, admitted),
        is_model_request=admitted.body.reach is not None,
        body_is_judged=admitted.body.is_needed and body is None,
        changes=changes,
        nearest=(),
        suggestion=None,
        message=None if refused_body is None else block.message(refused_body.reason),
    )


def _head(method: str, url: str, body: bytes | None) -> Head:
    found = _URL.match(url)
    if found is None:
        raise ValueError("not an http or https URL")
    scheme, authority, rest = found[1].lower(), found[2], found[3]
    try:
        host, port = hosts.split_authority(authority, DEFAULT_PORTS[scheme])
    except hosts.HostError as error:
        raise ValueError(f"no host to ask: {error}") from error
    fields: Fields = ((b"Host", authority.encode()), (b"Content-Type", b"application/json"))
    if body is not None:
        fields = (*fields, (b"Content-Length", str(len(body)).encode()))
    return Head(
        tls=scheme == "https",
        sni=host if scheme == "https" else None,
        port=port,
        http2=False,
        method=method.encode("utf-8", "surrogatepass"),
        target=(rest if rest.startswith("/") else f"/{rest}").encode("utf-8", "surrogatepass"),
        authority=b"",
        fields=fields,
    )


def _request(asked: Asked, head: Head) -> block.Request:
    path = head.target.partition(b"?")[0].decode("ascii")
    return block.Request("", asked.method, asked.scheme, asked.host, asked.port, path)


def _judged(
    admitted: Admitted, fields: Fields, body: bytes | None, rules: Rules
) -> tuple[tuple[str, ...], Refused | None]:
    """What is done to the body, and what is wrong with it or with the address."""
    try:
        if (literal := hosts.ip_literal(admitted.asked.host)) is not None:
            upstream.check_addresses(
                (literal,),
                entry_ranges=admitted.entry.addresses,
                private_ranges=rules.private_ranges,
                own=rules.own_addresses,
            )
        if body is None or not admitted.body.is_needed:
            return (), None
        return inspection.inspect(admitted.body, fields, body).tools, None
    except Refused as refused:
        return (), refused


def _in_scope(rules: Rules, asked: Asked) -> tuple[str, ...]:
    tokens = [credential.name for credential in swap.in_scope(rules.credentials, asked)]
    return (*tokens, *(credential.name for credential in screening.in_scope(rules.aws, asked)))


def _guards(rules: Rules, admitted: Admitted) -> tuple[str, ...]:
    guards = admitted.body.guards
    return tuple(entry.rule for entry in rules.entries if any(entry.graphql is guard for guard in guards))


def _refused(refused: Refused) -> Explanation:
    return Explanation(refused, None, (), (), (), False, False, (), (), None, block.message(refused.reason))


def _blocked(rules: Rules, asked: Asked, refused: Refused, entry: Entry | None, suggestion: str | None) -> Explanation:
    return Explanation(
        refused=refused,
        entry=entry,
        readings=asked.target.readings,
        credentials=(),
        guards=(),
        is_model_request=False,
        body_is_judged=False,
        changes=(),
        nearest=() if entry is not None else _nearest(rules.entries, asked),
        suggestion=suggestion,
        message=block.message(refused.reason),
    )


def _nearest(entries: Sequence[Entry], asked: Asked) -> tuple[Nearest, ...]:
    """The entries that come furthest, in their order; where none is for this host, those for one that looks like it."""
    failing = [
        Nearest(entry, fails) for entry in entries if (fails := matching.first_failing(entry, asked)) is not None
    ]
    furthest = max((matching.ORDER.index(found.fails) for found in failing), default=0)
    if furthest == 0:
        alike = difflib.get_close_matches(asked.host, dict.fromkeys(entry.host for entry in entries), MOST_NEAREST)
        return tuple(found for found in failing if found.entry.host in alike)[:MOST_NEAREST]
    return tuple(found for found in failing if matching.ORDER.index(found.fails) == furthest)[:MOST_NEAREST]
