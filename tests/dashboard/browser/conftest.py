"""One installation with a dashboard, and one browser, for all tests of this folder."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from airut.adapters.logins_sqlite import SqliteLogins
from airut.models.login import Role
from tests.support.browser import Browser, chromium, missing
from tests.support.installation import Installation


@pytest.fixture(scope="session")
async def installation(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Installation]:
    if why := missing():
        pytest.skip(why)
    async with Installation.running(tmp_path_factory.mktemp("installation")) as running:
        await running.start("dashboard")
        address = running.config.dashboard.address

        def answers() -> bool:
            try:
                return httpx.get(f"{address}/login").status_code == 200
            except httpx.TransportError:
                return False

        await running.until(answers)
        yield running


@pytest.fixture(scope="session")
def opened(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium(installation.config.dashboard.address, tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
async def browser(opened: Browser, installation: Installation) -> Browser:
    """Logged in as an admin, at its usual size, with a light page."""
    opened.look()
    opened.open("/about")
    if opened.path.startswith("/login"):
        opened.open(link(installation))
        opened.click("main form button")
        await opened.until(lambda: not opened.path.startswith("/login"))
    opened.complaints()  # of the test before
    return opened


def link(installation: Installation) -> str:
    """What `airut dashboard --link` prints."""
    key = SqliteLogins(installation.config.logins).new_link("link:ann", Role.ADMIN)
    return f"{installation.config.dashboard.address}/login?key={key}"
