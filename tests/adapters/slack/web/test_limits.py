"""Who may go when: tables over a clock of the test's own."""

import pytest

from airut.adapters.slack.web.limits import SPECIAL, RateLimits, Turn, Urgency


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> RateLimits:
    return RateLimits(clock)


def ask(limits: RateLimits, method: str, urgency: Urgency = Urgency.ANSWER, channel: str = "C1") -> Turn:
    return limits.ask(method, channel, urgency)


def used_up(limits: RateLimits, method: str) -> int:
    """Call it until it has to wait; how often that was."""
    for number in range(1000):
        turn = ask(limits, method)
        if limits.wait(turn) > 0:
            limits.leave(turn)
            return number
        limits.go(turn)
    raise AssertionError("no limit")


@pytest.mark.parametrize(
    ("method", "a_minute"),
    [
        ("conversations.list", 20),
        ("reactions.remove", 20),
        ("conversations.history", 50),
        ("chat.update", 50),
        ("users.info", 100),
        ("files.getUploadURLExternal", 100),
        ("auth.test", SPECIAL),
        ("a.new.method", 50),
    ],
)
def test_each_method_goes_as_often_as_its_tier_says(
    limits: RateLimits, clock: Clock, method: str, a_minute: float
) -> None:
    assert used_up(limits, method) == a_minute
    assert limits.wait(ask(limits, method)) == pytest.approx(60 / a_minute)
    assert limits.wait(ask(limits, "views.update" if method != "views.update" else "chat.update")) == 0
    clock.now += 30
    assert used_up(limits, method) == pytest.approx(a_minute / 2 - 1, abs=1)


def test_messages_go_into_a_channel_once_a_second(limits: RateLimits, clock: Clock) -> None:
    limits.go(ask(limits, "chat.postMessage"))
    second, third = ask(limits, "chat.postMessage"), ask(limits, "chat.postMessage")
    assert [limits.wait(second), limits.wait(third)] == [1.0, 2.0]
    assert limits.wait(ask(limits, "chat.postMessage", channel="C2")) == 0.0
    clock.now += 1
    assert limits.wait(second) == 0.0
    limits.go(second)
    assert limits.wait(third) == 1.0


def test_what_slack_refuses_is_closed_for_all_for_so_long_and_nothing_else_is(limits: RateLimits, clock: Clock) -> None:
    limits.refused("chat.update", 30)
    limits.refused("chat.update", 5)  # a second answer never opens it earlier
    waiting = ask(limits, "chat.update", Urgency.PROGRESS)
    assert limits.wait(waiting) == 30.0
    assert limits.wait(ask(limits, "chat.postMessage")) == 0.0
    clock.now += 29
    assert limits.wait(waiting) == 1.0
    clock.now += 1
    assert limits.wait(waiting) == 0.0


def test_after_a_refusal_calls_go_one_by_one(limits: RateLimits, clock: Clock) -> None:
    limits.refused("conversations.replies", 30)
    first, second = ask(limits, "conversations.replies"), ask(limits, "conversations.replies")
    assert [limits.wait(first), limits.wait(second)] == pytest.approx([30.0, 31.2])
    clock.now += 30
    assert limits.wait(first) == 0.0
    limits.go(first)
    assert limits.wait(second) == pytest.approx(1.2)


def test_the_urgent_go_first_and_equals_in_order(limits: RateLimits, clock: Clock) -> None:
    used_up(limits, "chat.update")
    backfill = ask(limits, "chat.update", Urgency.BACKFILL)
    progress = ask(limits, "chat.update", Urgency.PROGRESS)
    button = ask(limits, "chat.update", Urgency.BUTTON)
    answers = [ask(limits, "chat.update"), ask(limits, "chat.update")]
    order = [*answers, button, progress, backfill]
    assert [limits.wait(turn) for turn in order] == [pytest.approx(1.2 * place) for place in range(1, 6)]
    limits.leave(answers[0])
    clock.now += 1.2
    assert limits.wait(answers[1]) == pytest.approx(0, abs=1e-9)
    limits.go(answers[1])
    assert limits.wait(button) == pytest.approx(1.2)


def test_where_reading_back_is_restricted_it_goes_once_a_minute(clock: Clock) -> None:
    limits = RateLimits(clock, restricted=True)
    assert used_up(limits, "conversations.history") == 1
    assert limits.wait(ask(limits, "conversations.history")) == 60.0
    assert used_up(limits, "conversations.replies") == 1
    assert used_up(limits, "users.conversations") == 50


def test_channels_in_which_nothing_happens_are_forgotten(limits: RateLimits, clock: Clock) -> None:
    for number in range(100):
        turn = ask(limits, "chat.postMessage", channel=f"C{number}")
        limits.wait(turn)
        limits.go(turn)
        clock.now += 1
    assert sum(name.startswith("into ") for name in limits._buckets) < 70
