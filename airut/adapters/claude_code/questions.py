"""A deferred call of one of Claude Code's question tools, read as a `Question`."""

import json

from airut.adapters.claude_code.session import CALL
from airut.adapters.claude_code.values import Event, name_of, text_of
from airut.models.questions.question import ITEMS_MOST, PLAN_ITEM, Option, Question, QuestionItem, QuestionKind

ASK, PLAN = "AskUserQuestion", "ExitPlanMode"
LABEL_LENGTH = 500
QUESTION_LENGTH = 4_000
PLAN_LENGTH = 40_000  # characters: it is in a history and in a mail
OPTIONS_MOST = 10  # the tool takes four
DEPTH_MOST = 20  # of nested lists and objects; the tool's own have five
INPUT_MOST = 64 * 1024  # bytes as JSON: it is kept in the workflow's history, and goes back into the session


def question_of(deferred: Event) -> Question | None:
    """What that `deferred_tool_use` asks; None where it is none, or cannot be answered."""
    call, tool, given = deferred.get("id"), name_of(deferred.get("name")), deferred.get("input")
    if not isinstance(call, str) or not CALL.fullmatch(call) or tool not in (ASK, PLAN) or not isinstance(given, dict):
        return None
    if tool == PLAN:
        plan = text_of(given.get("plan"), PLAN_LENGTH) or ""
        return Question(id=call, kind=QuestionKind.PLAN, items=(PLAN_ITEM,), plan=plan, tool=tool)
    asked = given.get("questions")
    items = tuple(map(_item, asked[:ITEMS_MOST])) if isinstance(asked, list) else ()
    if not items:
        return None
    return Question(id=call, items=items, tool=tool, tool_input=_bounded(given))


def _item(asked: object) -> QuestionItem:
    entry = asked if isinstance(asked, dict) else {}
    options = entry.get("options")
    labels = (
        [option for option in options[:OPTIONS_MOST] if isinstance(option, dict)] if isinstance(options, list) else []
    )
    return QuestionItem(
        text=text_of(entry.get("question"), QUESTION_LENGTH) or "(a question without words)",
        header=name_of(entry.get("header")) or "",
        options=tuple(
            Option(
                label=text_of(option.get("label"), LABEL_LENGTH) or "(an option without words)",
                description=text_of(option.get("description"), QUESTION_LENGTH) or "",
            )
            for option in labels
        ),
        multiple=entry.get("multiSelect") is True,
    )


def _bounded(given: Event) -> Event:
    """The input as it can be stored: no lone surrogates. Empty, which makes the answer a quoting message, if it is too
    big or too deep, or holds what JSON does not have."""
    if _depth(given) > DEPTH_MOST:
        return {}
    try:
        text = json.dumps(given, allow_nan=False, ensure_ascii=False).encode("utf-8", "replace").decode()
        return json.loads(text) if len(text.encode()) <= INPUT_MOST else {}
    except (ValueError, RecursionError):
        return {}


def _depth(value: object, known: int = 0) -> int:
    if known > DEPTH_MOST:
        return known
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((_depth(entry, known + 1) for entry in inner), default=known)
