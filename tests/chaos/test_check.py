"""The checker on made-up records: each thing that must not happen is found."""

import pytest

from tests.chaos.check import CellRecord, MessageRecord, Rest, Tally, tally, wrong, wrong_at_rest

GOOD = CellRecord(
    component="control worker", step="tool", token="t", answers=("<a>",), effects=1, pull_requests=1, branches=1,
    outcome="success",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, ()),
        ({"answers": ()}, ("0 replies",)),
        ({"answers": ("<a>", "<b>")}, ("2 replies",)),
        ({"answers": ("<a>", "<a>")}, ("the same answer came 2 times",)),
        ({"answers": ("<a>", "<a>"), "step": "replying"}, ()),
        ({"answers": ("<a>", "<b>"), "step": "replying"}, ("2 replies",)),
        ({"effects": 0}, ("0 effects",)),
        ({"effects": 2}, ("2 effects",)),
        ({"pull_requests": 2}, ("2 pull requests",)),
        ({"pull_requests": 0, "branches": 0}, ("0 pull requests", "0 branches")),
        ({"branches": 2}, ("2 branches",)),
        ({"outcome": "sandbox_lost"}, ("outcome sandbox_lost",)),
        ({"outcome": None}, ("outcome none: the task did not end",)),
    ],
)
def test_a_cell(change: dict[str, object], found: tuple[str, ...]) -> None:
    assert wrong(GOOD.model_copy(update=change)) == found


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        (Rest(), ()),
        (Rest(unprocessed=1), ("1 mails lost in the mailbox, 0 set aside",)),
        (Rest(set_aside=2), ("0 mails lost in the mailbox, 2 set aside",)),
        (Rest(leaked=("temporal.db",)), ("secret in temporal.db",)),
        (Rest(left_over=("airut-x",)), ("left over: airut-x",)),
        (Rest(violations=("POST /x",)), ("the forge was asked something wrong: POST /x",)),
    ],
)
def test_what_is_there_at_rest(rest: Rest, found: tuple[str, ...]) -> None:
    assert wrong_at_rest(rest) == found


def message(
    tasks: tuple[str, ...] = ("t/1",), answers: tuple[str, ...] = ("<a>",), *, sent: bool = True
) -> MessageRecord:
    return MessageRecord(id="m", tasks=tasks, answers=answers, sent=sent)


@pytest.mark.parametrize(
    ("record", "counted"),
    [
        (message(), {}),
        (message(("t/1", "t/1"), ("<a>", "<a>")), {}),
        (message(()), {"lost": 1}),
        (message((), ()), {"lost": 1, "unanswered": 1}),
        (message(("t/1", "t/2")), {"twice": 1}),
        (message(answers=()), {"unanswered": 1}),
        (message(answers=("<a>", "<b>")), {"answered_twice": 1}),
        (message((), (), sent=False), {}),
    ],
)
def test_messages(record: MessageRecord, counted: dict[str, int]) -> None:
    fates = {"lost": 0, "twice": 0, "unanswered": 0, "answered_twice": 0} | counted
    found = tally([record])
    assert found == Tally(messages=1, **fates)
    assert found.good is (not counted)
