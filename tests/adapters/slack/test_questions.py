"""Questions as Slack takes them: one row for each shape that they may have."""

from datetime import UTC, datetime

import pytest

from airut.adapters.slack.questions import question_answer, question_post, settled_post
from airut.adapters.slack.text.mentions import Mentions
from airut.models.questions.asked import Asked, QuestionEnd
from airut.models.questions.question import PLAN_ITEM, Option, Question, QuestionItem
from airut.models.slack.question_place import QuestionPlace
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import Outbound, ReplyKind
from airut.models.threads.message import SlackRoute
from tests.support.messages import NOON
from tests.support.slack.blocks import faults
from tests.support.slack.workspace import Json

NOBODY = Mentions(())
WHEN = datetime(2026, 3, 29, 14, 2, tzinfo=UTC)
PLACE = QuestionPlace(task=3, question_id="toolu_1")


def item(options: int, *, multiple: bool = False, text: str = "Which one?", label: str = "choice") -> QuestionItem:
    made = tuple(Option(label=f"{label} {number}", description="because") for number in range(options))
    return QuestionItem(text=text, options=made, multiple=multiple)


def asked(*items: QuestionItem, users: tuple[str, ...] = ("U0ANN",)) -> Asked:
    return Asked(
        key="web/slack/t/task-3/ask/1",
        thread="web/slack/t",
        task=3,
        at=NOON,
        question=Question(id="toolu_1", items=items, tool="AskUserQuestion"),
        routes=tuple(SlackRoute(team="T", channel="C", thread_ts="1.0", ts="1.0", user=user) for user in users),
    )


OTHER, SEND = "button other", "button send"


def with_elements(block: Json) -> bool:
    return block["type"] == "actions" or "accessory" in block


def shape(asked: Asked) -> list[tuple[str, list[str]]]:
    """The elements, by block: what kind each is, and what it does."""
    found = []
    for block in question_post(asked, NOBODY).blocks():
        if with_elements(block):
            elements = block.get("elements") or [block["accessory"]]
            ids = [f"{each['type']} {each['action_id'].removeprefix('airut.')}" for each in elements]
            found.append((block["block_id"].removeprefix("airut.ask.3.toolu_1."), ids))
    return found


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((item(2),), [("all", ["button pick.0", "button pick.1", OTHER])]),
        ((item(5),), [("all", [*(f"button pick.{number}" for number in range(5)), OTHER])]),
        ((item(6),), [("0", ["static_select select"]), ("all", [OTHER])]),
        ((item(101),), [("0", ["static_select select"]), ("all", [OTHER])]),
        ((item(3, multiple=True),), [("0", ["checkboxes choose"]), ("all", [SEND, OTHER])]),
        ((item(11, multiple=True),), [("0", ["multi_static_select choose"]), ("all", [SEND, OTHER])]),
        ((item(0),), [("all", [OTHER])]),
        ((PLAN_ITEM,), [("all", ["button pick.0", "button pick.1", OTHER])]),
        (
            (item(2), item(11), item(3, multiple=True), item(0)),
            [("0", ["radio_buttons choose"]), ("1", ["static_select choose"]), ("2", ["checkboxes choose"]),
             ("all", [SEND, OTHER])],
        ),
    ],
)  # fmt: skip
def test_what_it_is_answered_by(items: tuple[QuestionItem, ...], expected: list[tuple[str, list[str]]]) -> None:
    made = asked(*items)
    assert shape(made) == expected
    assert faults(question_post(made, NOBODY).blocks(), question_post(made, NOBODY).text) == []


def test_a_question_as_a_whole() -> None:
    post = question_post(asked(item(2, text="Which *database* & why?"), users=("U0ANN", "U0BO", "U0ANN")), NOBODY)
    asks, text, row, footer = post.blocks()
    assert asks["text"]["text"] == "❓ <@U0ANN> <@U0BO> The agent has a question:"
    assert (text["block_id"], text["text"]["text"]) == (
        PLACE.text(0),
        "*Which _database_ &amp; why?*\n\n1) choice 0: because\n2) choice 1: because",
    )
    assert row["elements"][1] == {
        "type": "button",
        "text": {"type": "plain_text", "text": "choice 1"},
        "action_id": "airut.pick.1",
        "value": "1",
    }
    assert footer["elements"][0]["text"] == (
        "Reply with a number, or in your own words. Anybody who may give tasks here can answer."
    )
    assert post.text == "❓ <@U0ANN> <@U0BO> The agent has a question: Which *database* &amp; why?"


def test_labels_are_cut_and_the_full_text_stands_above() -> None:
    made = asked(item(2, label="x" * 100))
    _, text, row, _ = question_post(made, NOBODY).blocks()
    assert len(row["elements"][0]["text"]["text"]) == 75
    assert "x" * 100 in text["text"]["text"]


@pytest.mark.parametrize(
    ("lead", "text", "before"),
    [
        ("", "Which one?", 0),
        ("I *looked*.", "Which one?", 0),
        ("I looked. " * 400, "Which one?", 1),
        ("a\n" * 500_000, "Which one?", 1),  # all of it rendered would take a minute
        ("", "why " * 2_500, 4),
    ],
)
def test_what_the_message_cannot_hold_is_posted_before_it(lead: str, text: str, before: int) -> None:
    made = asked(*(item(4, text=text) for _ in range(4))).model_copy(update={"lead": lead})
    outbound = Outbound(
        key=made.key, repo="web", thread=made.thread, task=3, kind=ReplyKind.QUESTION, at=NOON, markdown="", routes=()
    )
    *earlier, post = question_answer(outbound, made, NOBODY).posts
    settled = settled_post(made, QuestionEnd(at=WHEN, author="root", replies=("a",)), NOBODY)
    assert len(earlier) == before
    assert post.key == settled.key == "web/slack/t/task-3/ask/1/question"
    for shown in (*earlier, post, settled):
        assert faults(shown.blocks(), shown.text) == []
    if lead and not before:
        for shown in (post, settled):
            assert shown.blocks()[0]["text"]["text"] == "I _looked_."


AT = f"<!date^{int(WHEN.timestamp())}^{{date_short_pretty}} {{time}}|2026-03-29 14:02 UTC>"


def test_long_answers_fit_into_the_settled_message() -> None:
    made = asked(*(item(2) for _ in range(4)))
    post = settled_post(made, QuestionEnd(at=WHEN, author="root", replies=("<&>" * 200,) * 4), NOBODY)
    assert faults(post.blocks(), post.text) == []


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (
            QuestionEnd(at=WHEN, author="ann lee (U0ANN)", replies=("SQLite",)),
            f"✅ *SQLite*\n_answered by_ <@U0ANN>, {AT}",
        ),
        (
            QuestionEnd(at=WHEN, author="root", replies=("a < b", "", "two\nlines * here")),
            f"✅ 1. *a &lt; b*\n3. two lines * here\n_answered by_ root, {AT}",
        ),
        (
            QuestionEnd(at=WHEN, outcome=TaskOutcome.QUESTION_EXPIRED),
            "⌛ Not answered in time. Nothing was assumed: answer in this thread, and the work goes on.",
        ),
        (QuestionEnd(at=WHEN, outcome=TaskOutcome.STOPPED), "⏹️ Not open any more: the task was stopped."),
        (QuestionEnd(at=WHEN, outcome=TaskOutcome.INTERNAL_ERROR), "Not open any more: the task has ended."),
    ],
)
def test_a_question_that_is_over_shows_why_and_has_nothing_to_press(end: QuestionEnd, shown: str) -> None:
    made = asked(*(item(2) for _ in end.replies or ("",)))
    post = settled_post(made, end, NOBODY)
    *asked_blocks, last = post.blocks()
    assert last["text"]["text"] == shown
    assert not [block for block in asked_blocks if with_elements(block)]
    assert last["block_id"] == question_post(made, NOBODY).blocks()[-1]["block_id"]  # by which it is found once more
    assert faults(post.blocks(), post.text) == []
