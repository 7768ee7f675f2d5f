"""How long it waits, try by try."""

from signals.backoff import Backoff, spread


def test_it_doubles_and_starts_anew() -> None:
    backoff = Backoff(1, 60, 60, 300, jitter=lambda: 1.0)
    assert [backoff.next() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    backoff.reset()
    assert [backoff.next() for _ in range(2)] == [1, 2]


def test_who_was_refused_waits_longer() -> None:
    backoff = Backoff(1, 60, 60, 300, jitter=lambda: 1.0)
    assert [backoff.next(refused=True) for _ in range(4)] == [60, 120, 240, 300]
    assert backoff.next() == 60


def test_no_two_wait_alike() -> None:
    waits = {Backoff(10, 60, 60, 300).next() for _ in range(100)}
    assert len(waits) > 50
    assert all(8 <= wait <= 12 for wait in waits)
    assert 0.8 <= spread() <= 1.2
