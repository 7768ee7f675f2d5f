import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.models.mail.message_id import OurMessageId, build_message_id, parse_message_id
from airut.models.tasks.reply import ReplyKind

TOKEN = "abcdefghij234567"
OURS = OurMessageId(token=TOKEN, task=3, kind=ReplyKind.QUESTION, seq=12, domain="example.org")


def test_build() -> None:
    text = build_message_id(TOKEN, 3, ReplyKind.QUESTION, 12, "Example.org")
    assert text == "<airut.abcdefghij234567.3.ask.12@example.org>"
    assert parse_message_id(text) == OURS


@given(
    st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16),
    st.integers(0, 10**9 - 1),
    st.sampled_from(list(ReplyKind)),
    st.integers(0, 10**9 - 1),
)
def test_what_is_built_is_read_back(token: str, task: int, kind: ReplyKind, seq: int) -> None:
    read = parse_message_id(build_message_id(token, task, kind, seq, "a.b-c.example"))
    assert read == OurMessageId(token=token, task=task, kind=kind, seq=seq, domain="a.b-c.example")


@pytest.mark.parametrize(
    ("token", "task", "seq", "domain"),
    [
        ("ABCDEFGHIJ234567", 1, 0, "example.org"),
        ("abcdefghij23456", 1, 0, "example.org"),
        ("abcdefghij23456\n", 1, 0, "example.org"),
        (TOKEN, -1, 0, "example.org"),
        (TOKEN, 1, 10**9, "example.org"),
        (TOKEN, 1, 0, ""),
        (TOKEN, 1, 0, "example.org\r\nBcc: x"),
        (TOKEN, 1, 0, "exämple.org"),
    ],
)
def test_build_refuses_what_could_not_be_read_back(token: str, task: int, seq: int, domain: str) -> None:
    with pytest.raises(ValueError, match=r"not a|at most"):
        build_message_id(token, task, ReplyKind.ANSWER, seq, domain)


@pytest.mark.parametrize(
    "text",
    [
        "  <airut.abcdefghij234567.3.ask.12@example.org>\r\n",
        "<AIRUT.ABCDEFGHIJ234567.3.ASK.12@EXAMPLE.ORG>",
    ],
)
def test_parse_is_lenient_about_case_and_space(text: str) -> None:
    assert parse_message_id(text) == OURS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "airut.abcdefghij234567.3.ask.12@example.org",
        "<airut.abcdefghij234567.3.ask.12>",
        "<airut.abcdefghij23456.3.ask.12@example.org>",
        "<airut.abcdefghij234568.3.ask.12@example.org>",
        "<airut.abcdefghij234567.3.nope.12@example.org>",
        "<airut.abcdefghij234567.3.ask@example.org>",
        "<airut.abcdefghij234567.-3.ask.12@example.org>",
        "<airut.abcdefghij234567.3.ask.1234567890@example.org>",
        "<x.airut.abcdefghij234567.3.ask.12@example.org>",
        "<airut.abcdefghij234567.3.ask.12@example.org> <other@example.org>",
        "<airut.abcdefghij234567.٣.ask.12@example.org>",
        "<CAF=airut.abcdefghij234567.3.ask.12@mail.example>",
    ],
)
def test_not_ours(text: str) -> None:
    assert parse_message_id(text) is None
