"""Somebody answers what an agent asks, in the browser."""

from airut.models.questions.question import Option, Question, QuestionItem
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, Usage
from airut.models.tasks.task import AgentResult
from tests.dashboard.browser.work import Work
from tests.support.agent_results import asks, done
from tests.support.browser import Browser
from tests.support.installation import Installation

SEVERAL = Question(
    id="toolu_0",
    items=(
        QuestionItem(
            text="Where shall the log-in lead to?",
            options=(
                Option(label="The page that was asked for", description="as most sites do"),
                Option(label="The first page"),
            ),
        ),
        QuestionItem(
            text="Who shall see it?", options=(Option(label="guests"), Option(label="members")), multiple=True
        ),
        QuestionItem(text="What is the page called?"),
    ),
    tool="AskUserQuestion",
)


def asking(question: Question) -> AgentResult:
    verdict = AgentVerdict(outcome=AgentOutcome.QUESTION, question=question, prompt_taken=True, usage=Usage(turns=1))
    return asks().model_copy(update={"verdict": verdict})


async def test_questions_are_answered(browser: Browser, installation: Installation) -> None:
    """Several things at once, then one with a single press; what is half written stays while the page changes."""
    work = await Work.begun(installation, "Make a log-in")
    installation.plays(asking(SEVERAL), asks(), done("Spaces it is."))
    browser.open(work.path)
    installation.host.gate.set()
    await browser.shows("Where shall the log-in lead to?")
    browser.shot("thread-asks")
    faults = browser.violations()
    await browser.types('textarea[name="text-2"]', "Welcome")
    await browser.presses('input[name="chosen-0"][value="1"]')
    browser.driver.execute_script(
        "document.querySelector('h1').id = 'old'; htmx.trigger(document.querySelector('[data-live]'), 'live')"
    )
    await browser.until(lambda: browser.find("#old") is None)
    browser.look(width=320, height=640)
    browser.shot("thread-asks-phone")
    faults += browser.too_wide()
    browser.look()
    for value in ("0", "1"):
        await browser.presses(f'input[name="chosen-1"][value="{value}"]')
    await browser.presses('form[action$="/answer"] button.primary')
    await browser.shows("Tabs or spaces?")
    faults += browser.violations()
    browser.shot("thread-asks-one")
    await browser.presses('button[name="chosen-0"][value="1"]')
    await browser.shows("Spaces it is.")
    answers = [each.answer for each in installation.runs(work.thread) if each.answer is not None]
    assert [each.replies for each in answers] == [
        ("The first page", "guests, members", "Welcome"),
        ("spaces",),
    ]
    assert faults + browser.complaints() == []
