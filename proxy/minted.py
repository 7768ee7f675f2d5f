"""Credentials that were handed out while this proxy runs: surrogates for them, and how long they are good for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from proxy.aws.credential import AwsCredential, Part
from proxy.aws.sessions import Session
from proxy.lookalike import lookalike
from proxy.mints import Mint
from proxy.rules import Credential, Rules

# At a time; the ones that end first make room, and their clients ask for new ones. Each is searched for in every text
# that comes back, which with 32 of them takes a few milliseconds for 16 KiB.
MAX_MINTED = 32
SUFFIX = "/minted"  # of the parent's name, in the log


@dataclass(frozen=True)
class _Token:
    credential: Credential
    ends: float


@dataclass(frozen=True)
class _Keys:
    credential: AwsCredential
    ends: float


class Minted:
    """What this process alone knows; it is gone with it, and clients ask again after their next 401."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._found: list[_Token | _Keys] = []

    def token(self, mint: Mint, value: str, ttl: float) -> str:
        """The surrogate of a token that was handed out; the same for the same token."""
        now = self._clock()
        known = next((f for f in self._found if isinstance(f, _Token) and f.credential.value == value), None)
        if known is not None:
            self._keep(replace(known, ends=max(known.ends, now + ttl)), known)
            return known.credential.surrogate
        parent = mint.parent
        made = replace(
            parent,
            name=parent.name.removesuffix(SUFFIX) + SUFFIX,
            surrogate=lookalike(value),
            value=value,
            hosts=mint.hosts,
            headers=("Authorization", *parent.headers),
            methods=(),
            mints=(),
        )
        self._keep(_Token(made, now + ttl))
        return made.surrogate

    def keys(self, parent: AwsCredential, session: Session) -> AwsCredential:
        """A key pair and its token, as a credential of their own with surrogates."""
        made = replace(
            parent,
            name=parent.name.removesuffix(SUFFIX) + SUFFIX,
            key_id=Part(lookalike(session.key_id), session.key_id),
            secret=Part(lookalike(session.secret), session.secret),
            token=Part(lookalike(session.token), session.token),
            token_field=session.token_field,
        )
        self._keep(_Keys(made, session.ends))
        return made

    def _keep(self, found: _Token | _Keys, instead_of: _Token | _Keys | None = None) -> None:
        now = self._clock()
        kept = [other for other in self._found if other is not instead_of and other.ends > now]
        self._found = [*sorted(kept, key=lambda other: other.ends)[-(MAX_MINTED - 1) :], found]

    def added_to(self, rules: Rules) -> Rules:
        """The rules with what was minted from their credentials and has not ended."""
        now = self._clock()
        good = [found.credential for found in self._found if found.ends > now]
        names = {found.name for found in rules.credentials} | {found.name for found in rules.aws}
        ours = [credential for credential in good if credential.name.removesuffix(SUFFIX) in names]
        tokens = tuple(credential for credential in ours if isinstance(credential, Credential))
        keys = tuple(credential for credential in ours if isinstance(credential, AwsCredential))
        if not ours:
            return rules
        return replace(rules, credentials=(*rules.credentials, *tokens), aws=(*rules.aws, *keys))

    def named_pairs(self) -> list[tuple[str, str, str]]:
        """Name, value and surrogate of everything that may still be repeated by somebody."""
        pairs: list[tuple[str, str, str]] = []
        for found in self._found:
            if isinstance(found, _Token):
                pairs.append((found.credential.name, found.credential.value or "", found.credential.surrogate))
            else:
                pairs += [(found.credential.name, part.real, part.surrogate) for part in found.credential.parts()]
        return pairs
