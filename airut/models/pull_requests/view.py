"""What a forge shows of a pull request: its state, the checks of its newest commit, what people have said."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.pull_requests.pull_request import PullRequestState


class CheckState(StrEnum):
    NONE = "none"
    """There are none, or none yet."""
    PENDING = "pending"
    PASSED = "passed"
    FAILED = "failed"


class FailedCheck(Model):
    """`job` is the forge's id of what has a log, empty where there is none; `log` its last lines."""

    name: str
    url: str
    job: str = ""
    log: str = ""


class Checks(Model):
    """Those of one commit, all together: failed as soon as all are done and one of them has failed."""

    state: CheckState = CheckState.NONE
    total: int = 0
    failed: tuple[FailedCheck, ...] = ()


class Verdict(StrEnum):
    COMMENTED = "commented"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"


class Remark(Model):
    """A review, a comment on a line, or a comment. `id` is unique in the pull request."""

    id: str
    author: str
    at: datetime
    url: str
    text: str = ""
    place: str = ""
    """`path:line`."""
    verdict: Verdict = Verdict.COMMENTED
    may_write: bool = False


class PullRequestView(Model):
    """`author` is the account that we act by: what it says is our own. Remarks of machines are left out."""

    number: int
    url: str
    author: str
    state: PullRequestState
    head: str
    """The newest commit."""
    checks: Checks = Checks()
    remarks: tuple[Remark, ...] = ()
