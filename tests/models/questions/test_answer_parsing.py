"""Answers as people write them in mails, and the question as they get to read it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.questions.answer_parsing import EMPTY, parse_answer, question_markdown, words_besides
from airut.models.questions.question import PLAN_ITEM, Answer, Option, Question, QuestionItem, QuestionKind

AT = datetime(2026, 3, 29, 14, 2, tzinfo=UTC)


def item(text: str, *labels: str, multiple: bool = False) -> QuestionItem:
    return QuestionItem(text=text, options=tuple(Option(label=label) for label in labels), multiple=multiple)


def question(*items: QuestionItem) -> Question:
    return Question(id="toolu_1", items=items, tool="AskUserQuestion")


ONE = question(item("Which database?", "PostgreSQL", "SQLite", "No database, please"))
MANY = question(item("Which tests?", "Unit", "End to end", "Load", multiple=True))
TWO = question(item("Which database?", "PostgreSQL", "SQLite"), item("Which port?", "5432", "6543", multiple=True))
OPEN = question(item("What is the name?"))
PLAN = Question(id="toolu_1", kind=QuestionKind.PLAN, items=(PLAN_ITEM,), tool="ExitPlanMode", plan="# Plan")


@pytest.mark.parametrize(
    ("asked", "text", "replies"),
    [
        (ONE, "2", ("SQLite",)),
        (ONE, " 2.\n", ("SQLite",)),
        (ONE, "(2)", ("SQLite",)),
        (ONE, "b", ("SQLite",)),
        (ONE, "1: b", ("SQLite",)),
        (ONE, "sqlite", ("SQLite",)),
        (ONE, "  SQLITE! ", ("SQLite",)),
        (ONE, "no database,  please", ("No database, please",)),
        (ONE, "4", ("4",)),
        (ONE, "0", ("0",)),
        (ONE, "1,2", ("1,2",)),
        (ONE, "2, but only for tests", ("2, but only for tests",)),
        (ONE, "MariaDB", ("MariaDB",)),
        (ONE, "", (EMPTY,)),
        (ONE, "²", ("²",)),
        (MANY, "1,3", ("Unit, Load",)),
        (MANY, "3 and 1", ("Load, Unit",)),
        (MANY, "1 2 2", ("Unit, End to end",)),
        (MANY, "end to end, load", ("End to end, Load",)),
        (MANY, "2", ("End to end",)),
        (MANY, "1,9", ("1,9",)),
        (MANY, "all of them", ("all of them",)),
        (TWO, "1: b 2: a", ("SQLite", "5432")),
        (TWO, "1: 2, 2: 1", ("SQLite", "5432")),
        (TWO, "1:b 2:a", ("SQLite", "5432")),
        (TWO, "1b 2a", ("SQLite", "5432")),
        (TWO, "1: sqlite\n2: 1,2", ("SQLite", "5432, 6543")),
        (TWO, "1. SQLite\n2. the one at 3:30 in the log, 2. is wrong", ("SQLite", "the one at 3:30 in the log, 2. is wrong")),
        (TWO, "2: b", ("", "6543")),
        (TWO, "b\n1", ("SQLite", "5432")),
        (TWO, "2", ("SQLite", "")),
        (TWO, "SQLite", ("SQLite", "")),
        (TWO, "1: a 1: b", ("1: a 1: b", "")),
        (TWO, "Take what you like, 1: or 2:", ("Take what you like, 1: or 2:", "")),
        (TWO, "1:", ("1:", "")),
        (OPEN, "2", ("2",)),
        (OPEN, "Airut\nor so", ("Airut\nor so",)),
        (PLAN, "1", ("go on",)),
        (PLAN, "Go on.", ("go on",)),
        (PLAN, "Yes!", ("go on",)),
        (PLAN, "change", ("change",)),
        (PLAN, "Leave out step 2.", ("Leave out step 2.",)),
    ],
)  # fmt: skip
def test_what_people_write(asked: Question, text: str, replies: tuple[str, ...]) -> None:
    expected = Answer(question_id="toolu_1", replies=replies, text=text.strip(), author="ada@example.com", at=AT)
    assert parse_answer(asked, text, "ada@example.com", AT) == expected


@given(st.sampled_from([ONE, MANY, TWO, OPEN, PLAN]), st.text() | st.text("12ab:,.) \n", max_size=12))
def test_whatever_is_written_is_an_answer(asked: Question, text: str) -> None:
    assert len(parse_answer(asked, text, "", AT).replies) == len(asked.items)


@pytest.mark.parametrize(
    ("asked", "replies", "text", "besides"),
    [
        (ONE, ("SQLite",), "2", ""),
        (ONE, ("SQLite",), "SQLite", ""),
        (ONE, ("SQLite",), "", ""),
        (ONE, ("MariaDB",), "MariaDB", ""),
        (TWO, ("SQLite", "5432"), "1: b 2: a", ""),
        (ONE, ("SQLite",), "but keep it small", "but keep it small"),
    ],
)
def test_what_the_choices_do_not_say(asked: Question, replies: tuple[str, ...], text: str, besides: str) -> None:
    answer = Answer(question_id="toolu_1", replies=replies, text=text, at=AT)
    assert words_besides(asked, answer) == besides


def test_one_question_as_it_is_read() -> None:
    first = QuestionItem(
        text="Which database?", options=(Option(label="PostgreSQL", description="a server"), Option(label="SQLite"))
    )
    assert question_markdown(question(first)) == (
        "**Which database?**\n\n- 1) PostgreSQL: a server\n- 2) SQLite\n\nReply with a number, or in your own words.\n"
    )


def test_several_questions_as_they_are_read() -> None:
    assert question_markdown(TWO) == (
        "**1. Which database?**\n\n- a) PostgreSQL\n- b) SQLite\n\n**2. Which port?**\n\n- a) 5432\n- b) 6543\n\n"
        "Reply with one choice for each number, such as `1: b 2: a`, or with your own words behind the numbers.\n"
    )


@pytest.mark.parametrize(
    ("asked", "end"),
    [
        (MANY, "- 3) Load\n\nReply with one or several numbers, such as `1,2`, or in your own words.\n"),
        (OPEN, "**What is the name?**\n\nReply with your answer in your own words.\n"),
        (PLAN, "say what shall be different\n\nReply with a number, or in your own words.\n"),
    ],
)
def test_how_to_answer(asked: Question, end: str) -> None:
    assert question_markdown(asked).endswith(end)


def test_a_plan_stands_before_its_question() -> None:
    assert question_markdown(PLAN).startswith("# Plan\n\n**Shall the agent carry out this plan?**\n\n- 1) go on: ")
