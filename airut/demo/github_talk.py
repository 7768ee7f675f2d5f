"""What people and machines say about pull requests at the stand-in for GitHub: reviews, comments, statuses, logs."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count

from airut.models.base import Model


class Said(Model):
    """A review (`state`), or a comment on a line (`path`, `line`)."""

    number: int
    author: str
    body: str
    at: str
    state: str = ""
    path: str = ""
    line: int = 0


@dataclass
class Talk:
    """By repository and pull request, by commit, and by job. `permissions` are by login; who has none is a stranger."""

    reviews: dict[tuple[str, int], list[Said]] = field(default_factory=lambda: defaultdict(list))
    on_lines: dict[tuple[str, int], list[Said]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    permissions: dict[str, str] = field(default_factory=dict)
    logs: dict[int, str] = field(default_factory=dict)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
