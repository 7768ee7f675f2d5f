"""What people read: one table, outcome by outcome."""

import pytest

from airut.models.pull_requests.pull_request import PullRequestRef, PullRequestState
from airut.models.tasks.answer import NOTHING_SAID, WORDS, compose_acknowledgement, compose_answer, compose_footer
from airut.models.tasks.outcome import TaskOutcome, Usage
from airut.models.tasks.reply import ReplyKind
from airut.models.tasks.steps import ReplyInput
from airut.models.tasks.task import TaskInput
from airut.models.tasks.terms import TaskTerms
from tests.support.messages import NOON, mail

MESSAGE = mail("add a file")
TASK = TaskInput(
    thread=MESSAGE.thread, repo="web", channel=MESSAGE.channel, number=1, messages=(MESSAGE,), session_id="s"
)
REQUEST = PullRequestRef(number=7, url="https://forge.example/7", head="b", state=PullRequestState.OPEN, created=True)


def order(outcome: TaskOutcome, detail: str = "", **more: object) -> ReplyInput:
    values = {"task": TASK, "at": NOON, "kind": ReplyKind.ANSWER, "outcome": outcome, "detail": detail, **more}
    return ReplyInput.model_validate(values)


def test_an_acknowledgement_says_what_holds_and_what_was_not_understood() -> None:
    terms = TaskTerms(model="opus", time_s=3600, max_turns=200)
    note = "`effort: silly` was not understood and not used; allowed are low, high"
    twice = tuple(MESSAGE.model_copy(update={"notes": (note,)}) for _ in range(2))
    said = compose_acknowledgement(TASK.model_copy(update={"messages": twice}), terms)
    assert said == (
        "2 messages have arrived, and work on it begins.\n\nThe answer comes in this conversation. You can reply at any "
        "time; what you send while the agent works is taken up when it is done. `stop`, `pause` or `status`, alone in a "
        "reply, steers it; `help` lists the others.\n\nopus · at most 1 h, 200 turns\n\n- " + note + "\n"
    )
    assert "- `" not in compose_acknowledgement(TASK, terms)


def test_success_is_the_agents_words_and_the_pull_request() -> None:
    answer = compose_answer(order(TaskOutcome.SUCCESS, pull_request=REQUEST), "I added the file.\n")
    assert answer == "I added the file.\n\nOpened pull request [#7](https://forge.example/7).\n"


def test_a_second_task_says_that_the_pull_request_was_updated() -> None:
    updated = REQUEST.model_copy(update={"created": False})
    answer = compose_answer(order(TaskOutcome.SUCCESS, pull_request=updated), "More.")
    assert answer == "More.\n\nUpdated pull request [#7](https://forge.example/7).\n"


def test_a_branch_without_a_pull_request_is_named() -> None:
    answer = compose_answer(order(TaskOutcome.SUCCESS, branch="airut/add"), "Done.")
    assert answer == "Done.\n\nPushed to the branch `airut/add`.\n"


def test_no_changes_comes_after_the_agents_words() -> None:
    answer = compose_answer(order(TaskOutcome.NO_CHANGES), "It is there already.")
    assert answer == "It is there already.\n\nNo changes were made to the repository.\n"


def test_an_agent_that_says_nothing_is_told_of() -> None:
    assert compose_answer(order(TaskOutcome.SUCCESS), "") == NOTHING_SAID + "\n"


@pytest.mark.parametrize(
    "outcome", [o for o in TaskOutcome if o not in {TaskOutcome.SUCCESS, TaskOutcome.REPLY_FAILED}]
)
def test_every_outcome_has_words(outcome: TaskOutcome) -> None:
    assert WORDS[outcome].format(detail="x") in compose_answer(order(outcome, "x"), "")


def test_a_build_log_is_quoted_whatever_it_holds() -> None:
    answer = compose_answer(order(TaskOutcome.IMAGE_FAILED, "step 2 failed\n```\nno such package"), "")
    assert "\n\n````\nstep 2 failed\n```\nno such package\n````\n" in answer


def test_an_internal_error_tells_the_id_and_not_the_internals() -> None:
    failed = order(TaskOutcome.INTERNAL_ERROR, "KeyError: secret internals")
    assert "internals" not in compose_answer(failed, "")
    assert compose_footer(failed) == (f"task {TASK.id}",)


def test_notes_are_listed() -> None:
    answer = compose_answer(order(TaskOutcome.SUCCESS, notes=("a.bin was too large", "b")), "Done.")
    assert answer == "Done.\n\n- a.bin was too large\n- b\n"


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            Usage(cost_usd=0.42, turns=12, duration_s=190, web_searches=2, model="opus"),
            "$0.42 · 12 turns · 3 min 10 s · 2 web searches · opus",
        ),
        (Usage(turns=1, duration_s=5), "1 turn · 5 s"),
        (Usage(), None),
    ],
)
def test_footer(usage: Usage, expected: str | None) -> None:
    assert compose_footer(order(TaskOutcome.SUCCESS, usage=usage)) == ((expected,) if expected else ())
