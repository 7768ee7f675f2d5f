"""What is new in a pull request, and what is said of it."""

from datetime import UTC, datetime, timedelta

import pytest

from airut.models.pull_requests.follow_up import (
    FIRST_LOOKS,
    REMARKS_MOST,
    Known,
    OnFailure,
    Sighting,
    learned,
    pause_after,
    sighted,
)
from airut.models.pull_requests.pull_request import PullRequestState
from airut.models.pull_requests.view import Checks, CheckState, FailedCheck, PullRequestView, Remark, Verdict

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
URL = "https://forge.example.org/acme/web/pull/7"
VIEW = PullRequestView(number=7, url=URL, author="airut-bot", state=PullRequestState.OPEN, head="c1")
PASSED = Checks(state=CheckState.PASSED, total=2)
FAILED = Checks(
    state=CheckState.FAILED, total=2, failed=(FailedCheck(name="test", url="https://ci.example.org/1", job="9"),)
)


def remark(number: int = 1, author: str = "octavia", text: str = "Why?", **more: object) -> Remark:
    made = Remark(id=f"r{number}", author=author, at=NOON + timedelta(minutes=number), url=f"{URL}#{number}", text=text)
    return made.model_copy(update=more)


def view(**changes: object) -> PullRequestView:
    return VIEW.model_copy(update=changes)


def seen(**changes: object) -> Sighting:
    return Sighting(url=URL, state=PullRequestState.OPEN, head="c1").model_copy(update=changes)


@pytest.mark.parametrize(
    ("what", "known", "expected"),
    [
        (view(), Known(), None),
        (view(checks=Checks(state=CheckState.PENDING, total=2)), Known(), None),
        (view(checks=PASSED), Known(), seen(waits="c1/2")),
        (view(checks=PASSED), Known(passing="c1/1"), seen(waits="c1/2")),
        (view(checks=PASSED), Known(passing="c1/2"), seen(checks=PASSED)),
        (view(checks=PASSED), Known(checked="c1"), None),
        (view(checks=FAILED), Known(), seen(checks=FAILED)),
        (view(checks=FAILED, head="c2"), Known(checked="c1"), seen(checks=FAILED, head="c2")),
        (view(remarks=(remark(),)), Known(), seen(remarks=(remark(),))),
        (view(remarks=(remark(),)), Known(remarks=("r1",)), None),
        (view(remarks=(remark(author="airut-bot"),)), Known(), None),
        (view(state=PullRequestState.MERGED, checks=FAILED), Known(), seen(state=PullRequestState.MERGED)),
        (view(state=PullRequestState.CLOSED), Known(checked="c1"), seen(state=PullRequestState.CLOSED)),
    ],
)
def test_what_is_new(what: PullRequestView, known: Known, expected: Sighting | None) -> None:
    assert sighted(what, known, None) == expected


def test_remarks_from_before_it_was_followed_are_known() -> None:
    both = view(remarks=(remark(5), remark(1)))
    assert sighted(both, Known(), NOON + timedelta(minutes=3)) == seen(remarks=(remark(5),))


def test_a_flood_of_remarks_comes_in_parts_and_none_is_lost() -> None:
    known, told, flood = Known(), list[str](), view(remarks=tuple(remark(number) for number in range(75)))
    while (found := sighted(flood, known, None)) is not None:
        assert len(found.remarks) <= REMARKS_MOST
        told += [each.id for each in found.remarks]
        known = learned(known, found)
    assert told == [f"r{number}" for number in range(75)]


def test_what_is_learned() -> None:
    known = learned(Known(remarks=("r0",)), seen(checks=FAILED, remarks=(remark(),)))
    assert known == Known(checked="c1", remarks=("r0", "r1"))
    assert learned(known, seen(head="c2", waits="c2/1")) == known.model_copy(update={"passing": "c2/1"})


@pytest.mark.parametrize(
    ("looks", "checks", "pause"),
    [
        (1, CheckState.NONE, 10.0),
        (FIRST_LOOKS - 1, CheckState.PENDING, 10.0),
        (FIRST_LOOKS, CheckState.PENDING, 60.0),
        (FIRST_LOOKS, CheckState.PASSED, 300.0),
        (10_000, CheckState.NONE, 300.0),
    ],
)
def test_how_often_it_is_looked_at(looks: int, checks: CheckState, pause: float) -> None:
    assert pause_after(looks, checks) == pause


def test_the_settings_words() -> None:
    assert [str(each) for each in OnFailure] == ["notify", "fix"]
    assert Verdict("approved") is Verdict.APPROVED
