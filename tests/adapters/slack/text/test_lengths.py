"""Answers of any length, in pieces that Slack takes."""

import re

from hypothesis import given
from hypothesis import strategies as st

from airut.adapters.slack.text.lengths import head, messages, sections, written
from airut.adapters.slack.text.mrkdwn import Line, lines


def cut(markdown: str, limit: int) -> list[str]:
    return sections(lines(markdown), limit)


def test_between_paragraphs_first() -> None:
    assert cut("first paragraph\n\nsecond one\n\nthird", 30) == ["first paragraph\n\nsecond one", "third"]


def test_then_between_lines_then_words_then_characters() -> None:
    assert cut("line one\nline two\nline three", 26) == ["line one\nline two", "line three"]
    assert cut("some words that go on and on", 24) == ["some words that go on", "and on"]
    assert cut("x" * 50, 22) == ["x" * 22, "x" * 22, "x" * 6]


def test_a_fence_is_closed_and_opened_again() -> None:
    assert cut("```\nalpha\nbeta\ngamma\ndelta\n```", 20) == [
        "```\nalpha\nbeta\n```",
        "```\ngamma\ndelta\n```",
    ]


def test_links_entities_and_what_people_take_for_one_character_stay_whole() -> None:
    link = "<https://a.test/long/path|a label>"
    assert all(piece.count("<") == piece.count(">") for piece in cut("[a label](https://a.test/long/path)" * 3, 50))
    assert cut("[a label](https://a.test/long/path)" * 2, 50) == [link, link]
    assert all(re.fullmatch("(&lt;)*", piece) for piece in cut("<" * 30, 30))
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert cut(family * 6, 22) == [family * 4, family * 2]
    assert all(not piece.startswith("\u0301") for piece in cut("e\u0301" * 30, 21))


def test_quote_marks_stand_on_every_piece() -> None:
    assert cut("> " + "word " * 8, 24) == ["> word word word word", "> word word word word"]


def test_messages_hold_so_many_sections() -> None:
    assert messages(["a" * 40, "b" * 40, "c" * 40], 100) == [["a" * 40, "b" * 40], ["c" * 40]]
    assert messages([]) == []


def test_the_head_ends_with_a_paragraph() -> None:
    assert head(lines("first\n\nsecond\n\nthird"), 18) == "first\n\nsecond"
    assert head(lines(""), 25) == ""


texts = st.text(st.sampled_from("ab <&>\n*_é漢\u0301"), max_size=120)


@given(st.lists(st.builds(Line, text=texts.map(lambda text: text.replace("\n", "")), code=st.booleans()), max_size=12))
def test_nothing_is_lost_and_every_piece_fits(given_lines: list[Line]) -> None:
    found = sections(given_lines, 60)
    assert all(0 < len(piece) <= 60 for piece in found)

    def characters(text: str) -> str:
        return "".join(text.replace("```", "").split())

    assert characters("".join(found)) == characters(written(given_lines))
    assert all(len(re.findall(r"^```$", piece, re.MULTILINE)) % 2 == 0 for piece in found)
