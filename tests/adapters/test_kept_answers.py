"""Answers with their tags."""

from airut.adapters.kept_answers import LARGEST, MOST, KeptAnswers


def test_an_answer_that_has_not_changed() -> None:
    answers = KeptAnswers()
    assert answers.condition("q") == {}
    assert answers.answer("q", 200, '"1"', b"one") == b"one"
    assert answers.condition("q") == {"If-None-Match": '"1"'}
    assert answers.answer("q", 304, '"1"', b"") == b"one"
    assert answers.answer("q", 200, '"2"', b"two") == b"two"
    assert answers.answer("q", 304, '"2"', b"") == b"two"


def test_what_is_not_kept() -> None:
    answers = KeptAnswers()
    answers.answer("untagged", 200, None, b"x")
    answers.answer("large", 200, '"1"', b"x" * (LARGEST + 1))
    assert answers.condition("untagged") == answers.condition("large") == {}


def test_the_oldest_goes() -> None:
    answers = KeptAnswers()
    for number in range(MOST):
        answers.answer(number, 200, '"1"', b"x")
    answers.answer(0, 304, '"1"', b"")
    answers.answer("new", 200, '"1"', b"x")
    assert (answers.condition(1), answers.condition(0)) == ({}, {"If-None-Match": '"1"'})
