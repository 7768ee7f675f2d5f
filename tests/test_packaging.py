"""The generic names of our packages belong to us alone (ADR 0001)."""

from importlib.metadata import packages_distributions

import pytest

OURS = ("airut", "signals", "workflows", "activities", "workers", "proxy")


@pytest.mark.parametrize("name", OURS)
def test_no_other_distribution_owns_the_name(name: str) -> None:
    assert set(packages_distributions().get(name, ["airut-temporal"])) == {"airut-temporal"}
