from datetime import timedelta

import pytest

from airut.models.mail.settings import MailLimits
from airut.models.values.rate import Rate
from signals.mail.rates import TOLD_MOST, Excess, Rates
from tests.support.messages import NOON

MINUTE = timedelta(minutes=1)
ANN, BOB = "ann@example.org", "bob@example.org"


def rates(per_sender: str = "3/h", per_repo: str = "5/h") -> Rates:
    return Rates(MailLimits.model_validate({"per_sender": per_sender, "per_repo": per_repo}))


def test_the_window_slides() -> None:
    found = rates()
    for minute in (0, 10, 20):
        assert found.excess(ANN, NOON + minute * MINUTE) is None
        found.count(ANN, NOON + minute * MINUTE)
    over = Excess(limit=Rate(most=3, seconds=3600), sent=4, of_all=False, again=NOON + 60 * MINUTE)
    assert found.excess(ANN, NOON + 30 * MINUTE) == over
    assert found.excess(BOB, NOON + 30 * MINUTE) is None
    assert found.excess(ANN, NOON + 59 * MINUTE) == over
    assert found.excess(ANN, NOON + 60 * MINUTE) is None
    found.count(ANN, NOON + 60 * MINUTE)
    assert found.excess(ANN, NOON + 61 * MINUTE) == over.model_copy(update={"again": NOON + 70 * MINUTE})


def test_all_senders_together_have_a_limit() -> None:
    found = rates()
    for minute, sender in enumerate((ANN, ANN, BOB, BOB, "cy@example.org")):
        found.count(sender, NOON + minute * MINUTE)
    over = found.excess("dan@example.org", NOON + 5 * MINUTE)
    assert over == Excess(limit=Rate(most=5, seconds=3600), sent=6, of_all=True, again=NOON + 60 * MINUTE)
    assert (over.detail, over.words[:80]) == (
        "above limits.per_repo: 5 an hour",
        "**Your mail was not taken: this address has had 6 mails within an hour, and at m",
    )


def test_what_waited_for_us_counts_when_it_arrived() -> None:
    found = rates()
    for hour in range(12):  # read at once, after half a day without us
        assert found.excess(ANN, NOON + timedelta(hours=hour)) is None
        found.count(ANN, NOON + timedelta(hours=hour))


def test_one_notice_an_hour() -> None:
    found = rates()
    assert not found.is_told("rate", ANN, NOON)
    found.told("rate", ANN, NOON)
    assert [found.is_told("rate", ANN, NOON + n * MINUTE) for n in (1, 59, 60)] == [True, True, False]
    assert not found.is_told("rate", BOB, NOON)


def test_the_words() -> None:
    found = rates("2/d")
    found.count(ANN, NOON)
    found.count(ANN, NOON)
    over = found.excess(ANN, NOON)
    assert over is not None
    assert over.detail == "above limits.per_sender: 2 a day"
    assert over.words == (
        "**Your mail was not taken: you have sent 3 mails within a day, and at most 2 are taken.** "
        "Send it again after 2026-03-30 12:00 UTC. What you send before then is not taken either, and not answered."
    )


@pytest.mark.parametrize("text", ["30", "30/s", "0/h", "-1/h", "a/h", "30/hour", ""])
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate; write 30/h, 5/m or 500/d"):
        Rate.parse(text)


def test_whoever_is_turned_away_is_told_once_a_day_and_not_without_end() -> None:
    found = Rates(MailLimits())
    found.told("unauthorized", ANN, NOON)
    hours = [NOON + n * 60 * MINUTE for n in (1, 23, 24)]
    assert [found.is_told("unauthorized", ANN, hour) for hour in hours] == [True, True, False]
    assert not found.is_told("rate", ANN, NOON)
    for number in range(TOLD_MOST):
        found.told("unauthorized", f"{number}@example.org", NOON)
    assert found.is_told("unauthorized", BOB, NOON)
    assert not found.is_told("unauthorized", BOB, NOON + 24 * 60 * MINUTE)
