"""Answers that come as text (mail, a post): read as choices where they are, as free text where they are not."""

import re
from collections.abc import Sequence
from datetime import datetime

from airut.models.questions.question import GO_ON, Answer, ItemAnswer, Option, Question, QuestionItem, QuestionKind
from airut.models.threads.command import AnswerOrder

EMPTY = "(an empty answer)"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
MARK = re.compile(
    r"(?:^|(?<=[\s,;]))(?P<colon>\d)\s*[:=](?:\s+|(?=\w(?:[\s,;]|$)))"  # `1: b 2: a`, `1:b 2:a`; but not `at 3:30`
    r"|^[ \t]*(?P<list>\d)\s*[.)]\s+"  # a list, one item a line: only there, since sentences hold `version 2. It is`
    r"|(?:^|(?<=[\s,;]))(?P<tight>\d)(?=[a-z](?:[\s,;]|$))",  # `1b 2a`
    re.MULTILINE | re.IGNORECASE,
)
"""The number of an item, with its answer behind it."""
BETWEEN = re.compile(r"\s*(?:[,;+&\s]|\band\b)+\s*", re.IGNORECASE)
AGREES = frozenset({"yes", "y", "ok", "okay", "go", "go ahead", "approve", "approved", "lgtm"})
"""Besides the option's own words: to a plan, people say yes."""


def parse_answer(question: Question, text: str, author: str, at: datetime) -> Answer:
    """The answer that this text gives. Never refuses one: what is not understood as choices is free text for the
    first item. `at` is when it was sent."""
    said = text.strip()
    return Answer(question_id=question.id, replies=_replies(question, said), text=said, author=author, at=at)


def ordered_answer(question: Question, order: AnswerOrder) -> Answer:
    """The answer that an order gives. Raises: ValueError: what it picks is not there, or it says nothing"""
    if order.items:
        return picked_answer(question, order.items, order.author, order.at)
    chosen = order.choices
    if len(chosen) > 1 and len(question.items) > 1:
        chosen = tuple(f"{number}: {choice}" for number, choice in enumerate(chosen, start=1))
    return parse_answer(question, order.text or ", ".join(chosen), order.author, order.at)


def picked_answer(question: Question, items: Sequence[ItemAnswer], author: str, at: datetime) -> Answer:
    """The answer of options that were picked, and of words where those were not enough."""
    if len(items) != len(question.items):
        raise ValueError(f"{len(items)} answers to {len(question.items)} questions")
    replies = tuple(_picked(item, given) for item, given in zip(question.items, items, strict=True))
    text = "\n".join(given.text.strip() for given in items if given.text.strip())
    return Answer(question_id=question.id, replies=replies, text=text, author=author, at=at)


def _picked(item: QuestionItem, given: ItemAnswer) -> str:
    """Words come in the place of a single choice, and behind several."""
    if any(place >= len(item.options) for place in given.chosen):
        raise ValueError("an option that is not there")
    labels = [item.options[place].label for place in dict.fromkeys(given.chosen)]
    if not item.multiple:
        labels = [] if given.text.strip() else labels[:1]
    return ", ".join([*labels, *filter(None, [given.text.strip()])])


def words_besides(question: Question, answer: Answer) -> str:
    """What the person wrote, where the replies do not say all of it; empty where they do."""
    said = answer.text.strip()
    return "" if said in answer.replies or _replies(question, said) == answer.replies else said


def question_markdown(question: Question) -> str:
    """The question for people who answer by text: items and options are numbered, and it says how to answer."""
    several = len(question.items) > 1
    parts = [question.plan.strip()] if question.plan.strip() else []
    for number, item in enumerate(question.items, 1):
        lines = [f"**{number}. {item.text.strip()}**" if several else f"**{item.text.strip()}**"]
        lines += [option_line(place, option, several) for place, option in enumerate(item.options)]
        parts.append("\n".join(lines[:1] + [""] * bool(item.options) + lines[1:]))
    parts.append(how_to_answer(question))
    return "\n\n".join(parts) + "\n"


def option_line(place: int, option: Option, several: bool) -> str:
    """One option in Markdown, with the mark by which a text can choose it; `several` questions are asked at once."""
    mark = f"{LETTERS[place]})" if several else f"{place + 1})"
    said = f": {option.description.strip()}" if option.description.strip() else ""
    return f"- {mark} {option.label.strip()}{said}"


def how_to_answer(question: Question) -> str:
    """For people who answer by text."""
    item, *more = question.items
    if more:
        return "Reply with one choice for each number, such as `1: b 2: a`, or with your own words behind the numbers."
    if not item.options:
        return "Reply with your answer in your own words."
    if item.multiple:
        return "Reply with one or several numbers, such as `1,2`, or in your own words."
    return "Reply with a number, or in your own words."


def _replies(question: Question, said: str) -> tuple[str, ...]:
    items = question.items
    if question.kind is QuestionKind.PLAN and _plain(said) in AGREES:
        return (GO_ON,)
    numbered = _numbered(said, len(items))
    if numbered:
        return tuple(_reply(item, numbered.get(number, "")) for number, item in enumerate(items, 1))
    lines = [line for line in said.splitlines() if line.strip()]
    if len(lines) == len(items) > 1:
        chosen = [_choice(item, line) for item, line in zip(items, lines, strict=True)]
        if all(chosen):
            return tuple(reply or "" for reply in chosen)
    return (_reply(items[0], said) or EMPTY, *("" for _ in items[1:]))


def _numbered(said: str, count: int) -> dict[int, str]:
    """The answers by item, where the whole text is made of `number: answer`; nothing where it is not."""
    marks = [mark for mark in MARK.finditer(said) if 1 <= _number(mark) <= count]
    numbers = [_number(mark) for mark in marks]
    if not marks or marks[0].start() != 0 or len(set(numbers)) != len(numbers):
        return {}
    ends = [mark.start() for mark in marks[1:]] + [len(said)]
    answers = {_number(mark): said[mark.end() : end].strip(" \t\r\n,;") for mark, end in zip(marks, ends, strict=True)}
    return answers if any(answers.values()) else {}


def _number(mark: re.Match[str]) -> int:
    return int(mark["colon"] or mark["list"] or mark["tight"])


def _reply(item: QuestionItem, said: str) -> str:
    return _choice(item, said) or said


def _choice(item: QuestionItem, said: str) -> str | None:
    """The labels that these words choose; None where they are no choice."""
    if (one := _one(item.options, said)) is not None:
        return one
    if not item.multiple:
        return None
    for parts in (said.split(","), BETWEEN.split(said)):  # a label may hold spaces
        chosen = [_one(item.options, part) for part in parts if part.strip()]
        if chosen and all(chosen):
            return ", ".join(dict.fromkeys(label for label in chosen if label is not None))
    return None


def _one(options: Sequence[Option], said: str) -> str | None:
    word = _plain(said)
    by_label = next((option.label for option in options if _plain(option.label) == word), None)
    if by_label is not None or len(word) > 2:
        return by_label
    place = int(word) - 1 if word.isascii() and word.isdigit() else LETTERS.find(word) if len(word) == 1 else -1
    return options[place].label if 0 <= place < len(options) else None


def _plain(said: str) -> str:
    return " ".join(said.casefold().split()).strip(" .!)(`*_'\"")
