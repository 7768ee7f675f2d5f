"""A listener's status, from one to the next."""

from datetime import UTC, datetime, timedelta

from signals.status import ListenerState, ListenerStatus

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return BEGUN + timedelta(minutes=minutes)


def test_since_is_when_it_began() -> None:
    status = ListenerStatus(state=ListenerState.CONNECTING, since=BEGUN)
    status = status.degraded("no network", next_try=at(2), now=at(1))
    assert status == ListenerStatus(state=ListenerState.DEGRADED, since=at(1), reason="no network", next_try=at(2))
    status = status.degraded("no token", next_try=at(5), now=at(2))
    assert (status.since, status.reason, status.next_try) == (at(1), "no token", at(5))
    status = status.connected(now=at(5))
    assert status == ListenerStatus(state=ListenerState.CONNECTED, since=at(5))
    assert status.connected(now=at(9)) == status
