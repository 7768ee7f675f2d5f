"""What an agent asks, answered from its thread's page."""

from pathlib import Path

import httpx
import pytest

from airut.models.login import Role
from airut.models.questions.question import PLAN_ITEM, ItemAnswer, Option, Question, QuestionItem, QuestionKind
from airut.models.threads.thread import ThreadPhase
from tests.dashboard.test_thread import EVIL, ID, KEY, status
from tests.support.dashboard import Served, form

WHERE = QuestionItem(
    text="Where to?", options=(Option(label="Here", description="as now"), Option(label=f"There {EVIL}"))
)
WHICH = QuestionItem(text="Which of them?", options=(Option(label="red"), Option(label="blue")), multiple=True)
NAME = QuestionItem(text="What is it called?")
ONE = Question(id="toolu_1", items=(WHERE,), tool="AskUserQuestion")
MANY = Question(id="toolu_1", items=(WHERE, WHICH, NAME), tool="AskUserQuestion")
PLAN = Question(id="toolu_1", items=(PLAN_ITEM,), plan="1. **read** it", tool="ExitPlanMode", kind=QuestionKind.PLAN)


def asking(served: Served, question: Question) -> Served:
    served.control.known[ID] = status(phase=ThreadPhase.RUNNING, question=question, task=f"{ID}/task-3", tasks=3)
    return served


@pytest.fixture
def served(tmp_path: Path) -> Served:
    return asking(Served.at(tmp_path), ONE)


async def sent(browser: httpx.AsyncClient, **given: str | list[str]) -> httpx.Response:
    known = {**await form(browser, f"/threads/{ID}"), "key": KEY, "question": "toolu_1", "task": "3", "items": "1"}
    return await browser.post(f"/threads/{ID}/answer", data={**known, **given})


async def test_one_choice_is_one_press_and_twice_it_is_one_answer(served: Served) -> None:
    browser = served.browser()
    page = (await browser.get(f"/threads/{ID}")).text
    assert (page.count('name="chosen-0"'), page.count('name="text-0"'), EVIL in page) == (2, 1, False)
    assert '<input type="hidden" name="task" value="3">' in page
    answers = [await sent(browser, **{"chosen-0": "1"}) for _ in range(2)]
    assert [(each.status_code, each.headers["location"]) for each in answers] == [(303, f"/threads/{ID}")] * 2
    first, again = served.control.answers
    assert first.key == again.key
    assert (first.question_id, first.items, first.task, first.author) == (
        "toolu_1", (ItemAnswer(chosen=(1,)),), 3, "local",
    )  # fmt: skip


async def test_several_things_are_answered_at_once(tmp_path: Path) -> None:
    served = asking(Served.at(tmp_path), MANY)
    browser = served.browser()
    page = (await browser.get(f"/threads/{ID}")).text
    assert [page.count(f'type="{kind}"') for kind in ("radio", "checkbox")] == [2, 2]
    told: dict[str, str | list[str]] = {
        "items": "3",
        "chosen-0": "0",
        "chosen-1": ["0", "1"],
        "text-1": "and green",
        "text-2": "the\r\nlog-in ",
    }
    assert (await sent(browser, **told)).status_code == 303
    (order,) = served.control.answers
    assert order.items == (
        ItemAnswer(chosen=(0,)), ItemAnswer(chosen=(0, 1), text="and green"), ItemAnswer(text="the\nlog-in"),
    )  # fmt: skip


async def test_a_plan_is_shown_and_agreed_to(tmp_path: Path) -> None:
    served = asking(Served.at(tmp_path), PLAN)
    page = (await served.browser().get(f"/threads/{ID}")).text
    assert "<strong>read</strong>" in page
    assert [page.count(f">{label}</button>") for label in ("go on", "change")] == [1, 1]


async def test_no_secret_is_answered(served: Served) -> None:
    assert served.config is not None
    served.config.sources.redactor.add("sk-ant-api03-no-model-is-asked-here")
    await sent(served.browser(), **{"text-0": "it is sk-ant-api03-no-model-is-asked-here"})
    (order,) = served.control.answers
    assert "no-model-is-asked-here" not in order.items[0].text


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({}, 422, "Something is not answered yet."),
        ({"text-0": " "}, 422, "Something is not answered yet."),
        ({"chosen-0": "-1"}, 422, "This form chooses what is not there."),
        ({"items": "0"}, 422, "This form answers nothing."),
        ({"items": "9", "text-0": "x"}, 422, "This form answers nothing."),
        ({"items": "²", "text-0": "x"}, 422, "This form answers nothing."),
        ({"text-0": "x", "key": "x"}, 422, "This form has no key."),
        ({"text-0": "x", "question": "toolu_0"}, 409, "That question is not open any more."),
    ],
)
async def test_what_is_no_answer(served: Served, given: dict[str, str], code: int, words: str) -> None:
    answer = await sent(served.browser(), **given)
    assert (answer.status_code, words in answer.text) == (code, True)
    assert served.control.answers == []


async def test_while_nobody_answers_sending_again_does_no_harm(served: Served) -> None:
    browser = served.browser()
    known = await form(browser, f"/threads/{ID}")
    given = {**known, "key": KEY, "question": "toolu_1", "items": "1", "text-0": "x"}
    served.control.away = True
    away = await browser.post(f"/threads/{ID}/answer", data=given)
    assert (away.status_code, "Sending it once more does no harm." in away.text) == (503, True)
    served.control.away = False
    served.control.known.clear()
    gone = await browser.post(f"/threads/{ID}/answer", data=given)
    assert (gone.status_code, "a new message begins it again" in gone.text) == (409, True)


async def test_viewers_see_the_question_and_no_form(tmp_path: Path) -> None:
    served = asking(Served.at(tmp_path, auth="token"), MANY)
    page = (await (await served.logged_in(Role.VIEWER)).get(f"/threads/{ID}")).text
    assert ("Which of them?" in page, f"/threads/{ID}/answer" in page) == (True, False)
