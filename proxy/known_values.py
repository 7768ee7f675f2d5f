"""Every value that the sandbox must not see: of the rules, of those before them, and what was handed out since."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from proxy.acceptance import Fields
from proxy.aws.sessions import SessionMint
from proxy.concealment import MintedBody, conceal, minted_body
from proxy.minted import Minted
from proxy.mints import Mint
from proxy.rules import Rules
from proxy.scrub import Needles

Learn = Callable[[Iterable[tuple[str, str]]], None]
"""Told of (name, value) pairs that came into being."""


class KnownValues:
    """Grows with each version of the rules, and with each credential that is handed out."""

    def __init__(self, learn: Learn) -> None:
        self._learn = learn
        self._minted = Minted()
        self._values: dict[str, str] = {}
        self._needles = Needles()
        self._needles_of: Rules | None = None

    def added_to(self, rules: Rules) -> Rules:
        """The rules with what was handed out to their credentials, to be swapped like them."""
        return self._minted.added_to(rules)

    def needles(self, rules: Rules) -> Needles:
        """What responses must not hold: values of earlier rules may come back late."""
        if rules is not self._needles_of:
            self._values |= rules.secrets()
            minted = {value: surrogate for _, value, surrogate in self._minted.named_pairs()}
            self._needles, self._needles_of = Needles((self._values | minted).items()), rules
        return self._needles

    def minted_body(
        self, mint: Mint | SessionMint, fields: Fields, status: int, current: Callable[[], Needles]
    ) -> MintedBody | None:
        """How to pass on the body of an answer that hands out credentials; None where it cannot.

        Raises:
            Refused: `response_not_inspectable`.
        """

        def hide(raw: bytes) -> bytes:
            hidden = conceal(self._minted, mint, raw)
            self._learn((name, value) for name, value, _ in self._minted.named_pairs())
            self._needles_of = None
            return hidden

        return minted_body(mint, fields, status, hide, current)
