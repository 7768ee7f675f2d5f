"""Answers of a forge with their tags, so that the same question is asked as *has it changed?* (RFC 9110 §13.1.2)."""

from collections import OrderedDict
from collections.abc import Hashable

MOST = 1000
"""Answers: those of some hundred pull requests."""
LARGEST = 512 * 1024
"""Bytes of one; a larger answer is asked for in full again."""


class KeptAnswers:
    """The newest ones. Never for a question that decides about a write: an answer from before it would be wrong."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, tuple[str, bytes]] = OrderedDict()

    def condition(self, question: Hashable) -> dict[str, str]:
        """The header to ask with."""
        found = self._kept.get(question)
        return {} if found is None else {"If-None-Match": found[0]}

    def answer(self, question: Hashable, status: int, tag: str | None, content: bytes) -> bytes:
        """What the forge has answered, also where it said that nothing has changed (304)."""
        if status == 304 and question in self._kept:
            self._kept.move_to_end(question)
            return self._kept[question][1]
        self._kept.pop(question, None)
        if tag and len(content) <= LARGEST:
            self._kept[question] = (tag, content)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return content
