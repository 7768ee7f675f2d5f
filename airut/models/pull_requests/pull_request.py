"""Pull requests in the words that every forge shares."""

from enum import StrEnum

from airut.models.base import Model


class PullRequestState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class PullRequestSpec(Model):
    """The pull request that a thread wants. `head` identifies it: one branch a thread, one open request a branch.

    `body` is our part, which later calls bring up to date; `opening` the whole text that it is opened with."""

    repo: str
    head: str
    base: str
    title: str
    body: str
    opening: str = ""
    draft: bool = True
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()


class PullRequestRef(Model):
    """A pull request on its forge. `notes` are what could not be done (a label without the right to set it)."""

    number: int
    url: str
    head: str
    state: PullRequestState
    created: bool = False
    notes: tuple[str, ...] = ()
