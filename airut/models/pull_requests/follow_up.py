"""Following a pull request: what is new in it, and when to look again (spec: operations §9). Pure."""

from datetime import datetime
from enum import StrEnum

from airut.models.base import Model
from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, PullRequestView, Remark

FIXES_MOST = 3
"""Failures in a row that the agent is given; whoever has failed three times needs a person."""
REMARKS_MOST = 30
"""Remarks that one look brings; the next look brings those that are left."""
REMARKS_KEPT = 1000
"""Ids of remarks that are known: more than any pull request that people still read has."""

FIRST_LOOKS = 30
SOON, PENDING, LATER = 10.0, 60.0, 300.0
"""Seconds between looks: for the first five minutes after a push, while checks run, and while nothing but a person's
word is awaited. Looks at what has not changed cost nothing of the forge's limits."""


class OnFailure(StrEnum):
    NOTIFY = "notify"
    FIX = "fix"


class FollowOrder(Model):
    """A push to a thread's pull request, which is followed from then on. Remarks from before `since` are known."""

    thread: str
    repo: str
    pull_request: PullRequestRef
    on_failure: OnFailure = OnFailure.NOTIFY
    since: datetime | None = None
    settle_s: float = 20.0
    """Seconds after which checks that have all passed are looked at once more: some are made later than others."""


class Known(Model):
    """What the thread has been told. `checked` is the commit whose checks it knows; `passing` names checks that had
    passed at the last look, for some come a moment after the others."""

    checked: str = ""
    passing: str = ""
    remarks: tuple[str, ...] = ()


class FollowInput(Model):
    """A follow-up's first argument. `fixes` counts the failures in a row that the agent was given."""

    order: FollowOrder
    known: Known = Known()
    fixes: int = 0


class Look(Model):
    """Look at a pull request for what is not known."""

    repo: str
    number: int
    known: Known
    since: datetime | None = None


class Sighting(Model):
    """What is new. `checks` is set once those of `head` are done; with `waits` they may not be all yet."""

    url: str
    state: PullRequestState
    head: str
    checks: Checks | None = None
    waits: str = ""
    remarks: tuple[Remark, ...] = ()


def sighted(view: PullRequestView, known: Known, since: datetime | None) -> Sighting | None:
    """What is new in this view, None if nothing is."""
    fresh = [
        remark
        for remark in view.remarks
        if remark.author != view.author and remark.id not in known.remarks and (since is None or remark.at >= since)
    ]
    remarks = tuple(sorted(fresh, key=lambda remark: remark.at)[:REMARKS_MOST])
    checks, waits = None, ""
    if view.state is PullRequestState.OPEN and known.checked != view.head:
        passing = f"{view.head}/{view.checks.total}"
        if view.checks.state is CheckState.PASSED and known.passing != passing:
            waits = passing
        elif view.checks.state in {CheckState.PASSED, CheckState.FAILED}:
            checks = view.checks
    if not (remarks or checks or waits) and view.state is PullRequestState.OPEN:
        return None
    return Sighting(url=view.url, state=view.state, head=view.head, checks=checks, waits=waits, remarks=remarks)


def learned(known: Known, sighting: Sighting) -> Known:
    """What is known once the thread has been told of it."""
    remarks = (*known.remarks, *(remark.id for remark in sighting.remarks))[-REMARKS_KEPT:]
    checked = sighting.head if sighting.checks else known.checked
    return Known(checked=checked, passing=sighting.waits or known.passing, remarks=remarks)


def pause_after(looks: int, checks: CheckState) -> float:
    """Seconds until the next look, after so many that saw nothing new."""
    if looks < FIRST_LOOKS:
        return SOON
    return PENDING if checks is CheckState.PENDING else LATER
