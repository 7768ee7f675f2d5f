"""What stands before every page."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.dashboard.attempts import ADDRESSES, Attempts
from airut.dashboard.guard import BODY_MOST
from tests.support.dashboard import Served


async def test_what_is_too_large_is_not_taken(tmp_path: Path) -> None:
    browser = Served.at(tmp_path).browser()
    told = await browser.post("/theme", headers={"Content-Length": str(BODY_MOST + 1)}, content=b"")
    assert (told.status_code, told.text) == (413, "At most 32 MiB at once.\n")

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x=" + b"x" * 1_000_000 + b"&"

    form = {"Content-Type": "application/x-www-form-urlencoded"}
    untold = await browser.post("/theme", content=endless(), headers=form)
    assert untold.status_code == 413
    unreadable = await browser.post("/theme", content=b"x" * 2 * 1024**2, headers=form)
    assert (unreadable.status_code, "Field exceeded maximum size" in unreadable.text) == (400, True)


async def test_names_that_are_allowed_while_it_runs_count_at_once(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    browser = served.browser()
    assert (await browser.get("/about", headers={"Host": "airut.test"})).status_code == 400
    served.config = Served.at(tmp_path, allowed_hosts=["airut.test"], auth="none").config
    assert (await browser.get("/about", headers={"Host": "airut.test"})).status_code == 200


def test_failures_are_forgotten_after_ten_minutes_and_never_fill_the_memory() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for _ in range(10):
        now[0] += 1
        attempts.failed("192.0.2.1")
    assert attempts.wait("192.0.2.1") == pytest.approx(591)
    assert attempts.wait("192.0.2.2") == 0
    now[0] += 591
    assert attempts.wait("192.0.2.1") == 0
    for number in range(ADDRESSES + 5):
        attempts.failed(str(number))
    assert len(attempts._failed) == ADDRESSES
