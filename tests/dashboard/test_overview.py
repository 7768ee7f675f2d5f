"""The first page."""

from datetime import UTC, datetime
from pathlib import Path

from airut.ports.thread_directory import ThreadRow
from tests.support.dashboard import Served

ROW = ThreadRow(
    thread="web/mail/abc", repo="web", channel="mail", author="<b>ann</b>@example.com", subject="<script>alert(1)</script>",
    state="running", outcome="", cost_usd=0.25, pull_request="javascript:alert(1)", started_at=datetime(2026, 3, 2, tzinfo=UTC),
)  # fmt: skip


async def test_what_people_write_is_text(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.threads.rows = [ROW]
    page = (await served.browser().get("/")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;ann&lt;/b&gt;@example.com" in page
    assert "<script>alert" not in page
    assert "javascript:" not in page
    assert "<b>ann" not in page


async def test_a_part_of_the_page_comes_alone(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.threads.rows = [ROW]
    browser = served.browser()
    assert 'hx-get="/?fragment=threads"' in (await browser.get("/")).text
    part = (await browser.get("/?fragment=threads")).text
    assert part.lstrip().startswith('<h2 id="recent">')
    assert "<html" not in part


async def test_a_part_is_what_there_is_now_also_where_the_page_was_kept(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.kept_s = 60
    browser = served.browser()
    assert "web/mail/abc" not in (await browser.get("/")).text
    served.threads.rows = [ROW]
    assert "web/mail/abc" not in (await browser.get("/")).text
    assert "web/mail/abc" in (await browser.get("/?fragment=threads")).text
    assert "web/mail/abc" in (await browser.get("/")).text


async def test_while_temporal_is_away_the_page_says_so_and_shows_the_rest(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.goes_away("nothing answers at its address")
    page = await served.browser().get("/")
    assert page.status_code == 200
    assert "Temporal does not answer." in page.text
    assert "nothing answers at its address" in page.text
    assert "https://git.example.org/acme/web.git" in page.text


async def test_without_configuration_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    served = Served.at(tmp_path)
    served.config = None
    page = await served.browser().get("/")
    assert (page.status_code, "There is no configuration yet." in page.text) == (200, True)
