"""Messages that somebody writes in the browser."""

from pathlib import Path

import pytest

from airut.errors import DeliveryDeferred
from airut.models.login import Role
from airut.ports.thread_directory import ThreadRow
from tests.dashboard.test_thread import AT, ID, KEY, status
from tests.support.dashboard import Served, form


@pytest.fixture
def served(tmp_path: Path) -> Served:
    made = Served.at(tmp_path)
    made.control.known[ID] = status()
    made.threads.rows = [
        ThreadRow(
            thread=ID,
            repo="web",
            channel="console",
            author="ann",
            state="idle",
            outcome="",
            cost_usd=0,
            pull_request="",
            started_at=AT,
        )
    ]
    return made


async def test_a_thread_is_begun_and_sent_twice_it_is_one(served: Served) -> None:
    browser = served.browser()
    assert 'action="/repos/web/messages"' in (await browser.get("/repos/web")).text
    given = {**await form(browser, "/repos/web"), "key": KEY, "text": "Mend the log-in\r\n\r\nIt fails."}
    answers = [await browser.post("/repos/web/messages", data=given) for _ in range(2)]
    first, again = served.conversations.delivered
    assert (first.key, first.thread) == (again.key, again.thread)
    assert (first.author, first.subject, first.text.inline) == (
        "local",
        "Mend the log-in",
        "Mend the log-in\n\nIt fails.",
    )
    assert [answer.headers["location"] for answer in answers] == [f"/threads/{first.thread}"] * 2


async def test_a_conversation_goes_on(served: Served) -> None:
    browser = served.browser()
    given = {**await form(browser, f"/threads/{ID}"), "key": KEY, "text": "And the log-out"}
    answer = await browser.post(f"/threads/{ID}/messages", data=given)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/threads/{ID}")
    assert [message.thread for message in served.conversations.delivered] == [ID]


@pytest.mark.parametrize(
    ("path", "given", "code", "words"),
    [
        (f"/threads/{ID}", {"text": "stop"}, 422, "the page has a button for it"),
        (f"/threads/{ID}", {"text": " "}, 422, "The message is empty."),
        (f"/threads/{ID}", {"text": "go", "key": "x"}, 422, "This form has no key."),
        ("/threads/web/console/none", {"text": "go"}, 404, "No thread of this id is known here."),
        ("/repos/none", {"text": "go"}, 422, "none has no console channel"),
    ],
)
async def test_what_is_not_taken(served: Served, path: str, given: dict[str, str], code: int, words: str) -> None:
    browser = served.browser()
    answer = await browser.post(f"{path}/messages", data={**await form(browser, "/about"), "key": KEY, **given})
    assert (answer.status_code, words in answer.text) == (code, True)
    assert served.conversations.delivered == []


async def test_while_temporal_is_away_nothing_is_lost_by_sending_again(served: Served) -> None:
    served.conversations.refusal = DeliveryDeferred("Temporal does not answer: UNAVAILABLE")
    browser = served.browser()
    given = {**await form(browser, "/about"), "key": KEY, "text": "go"}
    answer = await browser.post("/repos/web/messages", data=given)
    assert (answer.status_code, "it counts once" in answer.text) == (503, True)


async def test_viewers_have_no_form(tmp_path: Path) -> None:
    browser = await Served.at(tmp_path, auth="token").logged_in(Role.VIEWER)
    assert "/repos/web/messages" not in (await browser.get("/repos/web")).text
