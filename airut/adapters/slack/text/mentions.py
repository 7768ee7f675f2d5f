"""Names in an answer become references, where it is certain who is meant (spec: slack §10). Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from airut.models.base import Model

_SIGN = re.compile(r"(?<![\w.@#/+-])[@#](?=\w)")
_GOES_ON = re.compile(r"[\w-]|\.\w")
"""What makes a name longer than the candidate's: `@ann.lee` is not `@ann`, which a sentence may end with."""


class Candidate(Model):
    """Somebody or something that a name may mean."""

    kind: Literal["user", "group", "channel"]
    id: str
    names: tuple[str, ...]
    """Display name, real name, handle: without `@` or `#`."""

    def reference(self) -> str:
        """In mrkdwn, see https://docs.slack.dev/messaging/formatting-message-text."""
        return {"user": f"<@{self.id}>", "group": f"<!subteam^{self.id}>", "channel": f"<#{self.id}>"}[self.kind]


class Mentions:
    """Finds references in text; whoever is not among the candidates (we ourselves, for one) is never referred to."""

    def __init__(self, candidates: Sequence[Candidate] = ()) -> None:
        self._by_name: dict[tuple[str, str], list[Candidate]] = {}
        for candidate in candidates:
            sign = "#" if candidate.kind == "channel" else "@"
            for name in {name.casefold() for name in candidate.names if name}:
                self._by_name.setdefault((sign, name), []).append(candidate)
        self._names = sorted(self._by_name, key=lambda known: -len(known[1]))

    def parts(self, text: str) -> Iterator[str | Candidate]:
        """The text in pieces, with a candidate in the place of each name that means exactly one."""
        done = 0
        for sign in _SIGN.finditer(text):
            if sign.start() < done:
                continue
            found = self._at(text, sign.group(), sign.end())
            if found is not None:
                candidate, end = found
                yield text[done : sign.start()]
                yield candidate
                done = end
        yield text[done:]

    def _at(self, text: str, sign: str, start: int) -> tuple[Candidate, int] | None:
        for known in self._names:
            end = start + len(known[1])
            if known[0] != sign or text[start:end].casefold() != known[1] or _GOES_ON.match(text, end):
                continue
            meant = self._meant(known)
            return (meant, end) if meant else None
        return None

    def _meant(self, known: tuple[str, str]) -> Candidate | None:
        """Users before groups; two of one kind are one too many."""
        candidates = self._by_name[known]
        users = [candidate for candidate in candidates if candidate.kind == "user"]
        among = users or candidates
        return among[0] if len(among) == 1 else None
