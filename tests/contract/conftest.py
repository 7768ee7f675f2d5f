"""One installation for all channels; each test has a conversation of its own on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.people import Mailing, Person, Slacking, Typing
from tests.support.installation import Installation

MANY_MAILS = "limits: {per_sender: 10000/h, per_repo: 10000/h}"
"""All tests are one person, within minutes."""


@pytest.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    async with Installation.running(tmp_path_factory.mktemp("installation"), MANY_MAILS) as running:
        yield running


@pytest.fixture
def there(installation: Installation) -> Installation:
    installation.reset()
    return installation


@pytest.fixture(params=["console", "email", "slack"])
def person(there: Installation, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    """Whoever speaks through the channel under test."""
    match request.param:
        case "email":
            return Mailing(there)
        case "slack":
            return Slacking(there)
        case _:
            return Typing(there, tmp_path)
