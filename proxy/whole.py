"""Requests that wait for their whole body, and what is done once it is there: judged, swapped in, signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from proxy import inspection, json_swap
from proxy.acceptance import Fields
from proxy.aws import resign
from proxy.aws.resign import Outgoing
from proxy.aws.screening import Claim
from proxy.aws.sessions import SessionMint
from proxy.block import Reason, Refused
from proxy.inspection import Plan
from proxy.mints import Mint
from proxy.rules import Credential

_FRAMING = frozenset([b"content-length", b"transfer-encoding"])


@dataclass(frozen=True)
class Signing:
    """A request that waits for its signature, and whose it is."""

    claim: Claim
    request: Outgoing


@dataclass(frozen=True)
class Awaited:
    """What a body is needed for; for nothing: it is streamed unread."""

    plan: Plan
    swap: tuple[Credential, ...] = ()
    signing: Signing | None = None
    mint: Mint | None = None
    """What the answer hands out if one of `swap` is in the body."""

    @property
    def is_needed(self) -> bool:
        """Whether the body must be there as a whole before anything of the request may leave."""
        return self.plan.is_needed or bool(self.swap) or self.signing is not None

    @property
    def remedy(self) -> str | None:
        """What to do when the body is too large to be kept."""
        if self.signing is None or self.plan.is_needed or self.swap:
            return None
        return "send X-Amz-Content-Sha256 with the hash of the body, and it is streamed"


@dataclass(frozen=True)
class Whole:
    """The request that may leave, and what the log says of it."""

    target: bytes
    fields: Fields
    body: bytes
    names: tuple[str, ...] = ()
    graphql: str | None = None
    tools: tuple[str, ...] = ()
    mint: Mint | SessionMint | None = None


def complete(awaited: Awaited, target: bytes, fields: Fields, raw: bytes, now: datetime) -> Whole:
    """Does with a body what it was awaited for; real values come in after everything that judges.

    Raises:
        Refused: the request may not leave.
    """
    whole = Whole(target, fields, raw)
    if awaited.plan.is_needed:
        inspected = inspection.inspect(awaited.plan, fields, raw)
        whole = Whole(target, inspected.fields, inspected.body, (), inspected.graphql, inspected.tools)
    if awaited.swap:
        swapped = json_swap.swap(whole.body, whole.fields, awaited.swap)
        whole = replace(whole, body=swapped.body, fields=swapped.fields, names=swapped.names)
        whole = replace(whole, mint=awaited.mint if swapped.names else None)
    if awaited.signing is not None:
        if whole.body != raw:
            raise Refused(Reason.AWS_RESIGN_FAILED, "the signed body would have to be changed")
        claim = awaited.signing.claim
        resigned = resign.resign(claim, awaited.signing.request, now, raw)
        names = (*whole.names, claim.credential.name)
        whole = replace(whole, target=resigned.target, fields=resigned.fields, names=names, mint=resigned.mint)
    return replace(whole, fields=_framed(whole.fields, whole.body))


def _framed(fields: Fields, body: bytes) -> Fields:
    """The body is there as a whole, so its length is known, however it came in."""
    rest: Sequence[tuple[bytes, bytes]] = [(name, value) for name, value in fields if name.lower() not in _FRAMING]
    if not body and len(rest) == len(fields):
        return fields  # it has none, and never said so: a GET
    return (*rest, (b"content-length", str(len(body)).encode()))
