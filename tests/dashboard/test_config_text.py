"""The configuration as a text."""

from pathlib import Path

import pytest

from tests.dashboard.test_config import DOTENV, FILE
from tests.support.dashboard import Served
from tests.support.page_forms import fields


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served.at(tmp_path)
    made.file.write_text(FILE)
    made.dotenv.write_text(DOTENV)
    return made


async def test_secrets_in_the_file_are_marks_that_are_put_back(served: Served) -> None:
    browser = served.browser()
    page = (await browser.get("/config/text")).text
    form = fields(page, "/config/text")
    assert "hunter2" not in page
    assert form["text"].count("‹hidden ") == 3
    text = form["text"].replace("45m", "50m").replace("\n", "\r\n")  # as browsers send it
    checked = await browser.post("/config/text", data={**form, "text": text, "do": "check"})
    assert ("This can be saved" in checked.text, "hunter2" in checked.text, served.file.read_text()) == (
        True,
        False,
        FILE,
    )
    saved = await browser.post("/config/text", data={**form, "text": text, "do": "save"})
    assert (saved.status_code, saved.headers["location"]) == (303, "/config/text?saved=1")
    assert served.file.read_text() == FILE.replace("45m", "50m")
    assert [event.detail["changed"] for event in served.trail.events] == [("the text",)]


async def test_a_broken_file_is_shown_with_its_errors_at_their_lines_and_can_be_mended(served: Served) -> None:
    served.file.write_text(FILE.replace("limits: {", "limits: [{"))
    browser = served.browser()
    page = (await browser.get("/config/text")).text
    assert '<a href="/config/text#line-7">line 7</a>' in page
    assert '<span id="line-7" class="removed">' in page
    assert "hunter2-literal" not in page
    form = fields(page, "/config/text")
    refused = await browser.post("/config/text", data={**form, "text": form["text"] + "# x\n", "do": "save"})
    assert refused.status_code == 422
    form["text"] = form["text"].replace("limits: [{", "limits: {")
    assert (await browser.post("/config/text", data={**form, "do": "save"})).status_code == 303
    assert served.file.read_text() == FILE


async def test_a_stale_text_is_compared_and_not_taken_up(served: Served) -> None:
    browser = served.browser()
    form = fields((await browser.get("/config/text")).text, "/config/text")
    served.file.write_text(meanwhile := FILE.replace("memory: 2g", "memory: 3g"))
    stale = await browser.post("/config/text", data={**form, "text": form["text"].replace("45m", "50m"), "do": "save"})
    assert (stale.status_code, "the file has changed since" in stale.text) == (409, True)
    assert '<span class="removed">- limits: {time: 45m,  memory: 3g}' in stale.text
    assert '<span class="added">+ limits: {time: 50m,  memory: 2g}' in stale.text
    assert "hunter2" not in stale.text
    assert "memory: 3g" in fields(stale.text, "/config/text")["text"]
    assert served.file.read_text() == meanwhile
