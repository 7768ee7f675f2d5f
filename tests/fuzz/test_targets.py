"""Every target for a moment, in each `make test`; `make fuzz` runs them for minutes."""

import pytest
from hypothesis import given, settings

from tests.fuzz.mutation import inputs
from tests.fuzz.targets import TARGETS, Target

EXAMPLES = 150  # of each, about ten seconds in all


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_the_bytes_are(target: Target) -> None:
    @settings(max_examples=EXAMPLES)
    @given(inputs(target))
    def run(data: bytes) -> None:
        target.check(data)

    run()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_seeds(target: Target) -> None:
    for seed in target.seeds:
        target.check(seed)
