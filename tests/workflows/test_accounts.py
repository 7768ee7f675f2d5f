"""Which account comes next."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.accounts import Accounts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("count", "current", "limited", "expected", "until"),
    [
        (1, 0, {}, 0, at(5)),
        (2, 0, {}, 1, None),
        (3, 1, {}, 2, None),
        (3, 2, {0: at(1)}, 1, None),
        (3, 2, {0: at(-1), 1: at(1)}, 0, None),
        (2, 1, {0: at(1)}, 0, at(1)),
        (2, 1, {0: at(9)}, 1, at(5)),
        (2, 2, {}, 1, None),  # accounts that were taken out of the configuration meanwhile
    ],
)
def test_the_next_in_turn_or_the_first_to_renew(
    count: int, current: int, limited: dict[int, datetime], expected: int, until: datetime | None
) -> None:
    found, waits = Accounts(current=current, limited=limited).after_limit(count, at(5), NOW)
    assert (found.current, waits) == (expected, until)
    assert found.limited == {**limited, current: at(5)}
