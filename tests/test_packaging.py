"""The generic names of our packages belong to us alone (ADR 0001)."""

from importlib.metadata import packages_distributions

OURS = ("airut", "signals", "workflows", "activities", "workers", "proxy")


def test_no_other_distribution_owns_our_names() -> None:
    owners = packages_distributions()
    assert {name: set(owners.get(name, ["airut-temporal"])) for name in OURS} == {
        name: {"airut-temporal"} for name in OURS
    }
