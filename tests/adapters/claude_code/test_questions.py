"""What the agent asks, read from an event that anybody in the sandbox may have written."""

import pytest

from airut.adapters.claude_code.questions import INPUT_MOST, LABEL_LENGTH, question_of
from airut.models.questions.question import PLAN_ITEM, Option, Question, QuestionItem, QuestionKind

ITEM = {"question": "Why?", "header": "Reason", "multiSelect": True, "options": [{"label": "a", "description": "b"}]}
READ = QuestionItem(text="Why?", header="Reason", options=(Option(label="a", description="b"),), multiple=True)


def asked(*items: object, call: object = "toolu_1", **more: object) -> dict[str, object]:
    return {"id": call, "name": "AskUserQuestion", "input": {"questions": list(items), **more}}


def deep(levels: int) -> object:
    value: object = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("deferred", "question"),
    [
        (asked(ITEM), Question(id="toolu_1", items=(READ,), tool="AskUserQuestion", tool_input={"questions": [ITEM]})),
        (
            {"id": "toolu_1", "name": "ExitPlanMode", "input": {"plan": "# P", "planFilePath": "/x"}},
            Question(id="toolu_1", kind=QuestionKind.PLAN, items=(PLAN_ITEM,), plan="# P", tool="ExitPlanMode"),
        ),
        (asked(), None),
        (asked(ITEM, call="../x"), None),
        (asked(ITEM, call="x" * 101), None),
        (asked(ITEM, call=7), None),
        ({"id": "toolu_1", "name": "Bash", "input": {"questions": [ITEM]}}, None),
        ({"id": "toolu_1", "name": "AskUserQuestion", "input": [ITEM]}, None),
        ({"id": "toolu_1", "name": "AskUserQuestion", "input": {"questions": "Why?"}}, None),
    ],
)
def test_what_is_asked(deferred: dict[str, object], question: Question | None) -> None:
    assert question_of(deferred) == question


@pytest.mark.parametrize(
    "more",
    [{"more": "x" * INPUT_MOST}, {"more": deep(10_000)}, {"more": float("inf")}, {"more": "\ud800"}],
    ids=["big", "deep", "infinite", "surrogate"],
)
def test_an_input_that_cannot_be_kept_still_asks(more: dict[str, object]) -> None:
    question = question_of(asked(ITEM, **more))
    assert question is not None
    assert question.items == (READ,)
    assert question.tool_input in ({}, {"questions": [ITEM], "more": "?"})
    assert Question.model_validate_json(question.model_dump_json()) == question


def test_what_is_kept_is_bounded() -> None:
    options = [{"label": "l" * 10_000, "description": 7}] * 50
    question = question_of(asked(*[{"question": None, "options": options}] * 9))
    assert question is not None
    assert [item.text for item in question.items] == ["(a question without words)"] * 4
    assert [len(item.options) for item in question.items] == [10] * 4
    assert question.items[0].options[0].label.startswith("l" * LABEL_LENGTH)
    assert len(question.model_dump_json()) < 64 * 1024
