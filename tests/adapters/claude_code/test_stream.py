"""The event stream folded into progress."""

import json
import math
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airut.adapters.claude_code.stream import KEPT_CHARACTERS, fold
from airut.adapters.claude_code.values import TEXT_LENGTH
from airut.models.tasks.agent import AgentProgress, AgentResultEvent, ApiError, PlanItem
from airut.models.tasks.outcome import Usage

RECORDINGS = Path(__file__).parent / "recordings"
FIRST_ANSWER = "049943ca-fe05-4f28-8017-31e76603c422"


def test_a_whole_run() -> None:
    assert fold(AgentProgress(), (RECORDINGS / "success.jsonl").read_bytes()) == AgentProgress(
        session_id="7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11",
        events=6,
        texts=("I will look.", "All done: it works."),
        last_step="All done: it works.",
        results=(
            AgentResultEvent(
                subtype="success", is_error=False, text="All done: it works.", turns=2, terminal_reason="completed"
            ),
        ),
        usage=Usage(
            cost_usd=0.0016, turns=2, duration_s=0.171, input_tokens=200, output_tokens=40, model="claude-opus-5-5"
        ),
        answered=True,
        first_answer=FIRST_ANSWER,
    )


def test_the_first_answer_is_the_one_that_is_told_by() -> None:
    events: tuple[dict[str, object], ...] = (
        {"message": {"model": "<synthetic>", "content": []}},
        {"message": {"content": []}, "parent_tool_use_id": "toolu_1"},
        {"message": {"content": []}, "error": "rate_limit"},
        {"message": {"content": []}},
        {"message": {"content": []}},
    )
    lines = b"".join(
        json.dumps({"type": "assistant", "uuid": f"{number:08}-0000-4000-8000-000000000000", **more}).encode() + b"\n"
        for number, more in enumerate(events)
    )
    assert fold(AgentProgress(), lines).first_answer == "00000003-0000-4000-8000-000000000000"


CALL = '{"type":"assistant","message":{"content":[{"type":"tool_use","id":"%s","name":"Bash","input":{}}]}}\n'
RESULT = '{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"%s","is_error":true}]}%s}\n'


@pytest.mark.parametrize(
    ("lines", "in_tool"),
    [
        (CALL % "a", True),
        (CALL % "a" + RESULT % ("a", ""), False),
        (CALL % "a" + CALL % "b" + RESULT % ("a", ""), True),
        (CALL % "a" + CALL % "b" + RESULT % ("b", "") + RESULT % ("a", ""), False),
        (CALL % "a" + RESULT % ("a", ',"parent_tool_use_id":"t"'), True),
        (CALL % "a" + '{"type":"result"}\n', False),
        (RESULT % ("a", ""), False),
    ],
)
def test_whether_a_tool_is_in_hand(lines: str, in_tool: bool) -> None:
    progress = AgentProgress()
    for line in lines.splitlines():
        progress = fold(progress, line.encode())
    assert progress.in_tool is in_tool


def test_the_to_do_list_is_the_newest_and_bounded() -> None:
    def todo(*texts: str) -> bytes:
        todos = [{"content": text, "status": "pending"} for text in texts]
        block = {"type": "tool_use", "id": "t", "name": "TodoWrite", "input": {"todos": todos}}
        return json.dumps({"type": "assistant", "message": {"content": [block]}}).encode() + b"\n"

    progress = fold(AgentProgress(), todo("old"))
    assert fold(progress, b"").plan == (PlanItem(text="old"),)
    progress = fold(progress, todo(*(f"{number} " + "x" * 1_000_000 for number in range(70))))
    assert len(progress.plan) == 50
    assert max(len(item.text) for item in progress.plan) == 100


def test_cost_of_a_resumed_run_is_its_own() -> None:
    assert fold(AgentProgress(), (RECORDINGS / "resumed.jsonl").read_bytes()).usage.cost_usd == 0.0008


def test_a_tool_in_hand() -> None:
    progress = fold(AgentProgress(), (RECORDINGS / "killed.jsonl").read_bytes())
    assert (progress.last_step, progress.in_tool) == ("Bash: sleep 30", True)


def test_waiting_for_the_model() -> None:
    lines = (RECORDINGS / "api_529.jsonl").read_bytes().splitlines(keepends=True)
    assert fold(AgentProgress(), b"".join(lines[:2])).last_step == "waiting for the model (529)"


def test_in_pieces_or_at_once() -> None:
    lines = (RECORDINGS / "success.jsonl").read_bytes().splitlines(keepends=True)
    progress = AgentProgress()
    for line in lines:
        progress = fold(progress, line)
    assert progress == fold(AgentProgress(), b"".join(lines))


def test_broken_unknown_and_hostile_lines() -> None:
    lines = b'{"type":"news"}\n{"cut\n\n[1]\n\xff\xfe\n{"type":"assistant","message":"no"}\n' + b"[" * 100_000 + b"\n"
    progress = fold(AgentProgress(), lines)
    assert (progress.events, progress.unreadable) == (2, 4)


def test_words_of_a_sub_agent_are_not_for_people() -> None:
    line = b'{"type":"assistant","parent_tool_use_id":"t","message":{"content":[{"type":"text","text":"inner"}]}}\n'
    assert fold(AgentProgress(), line).texts == ()


def test_only_the_last_texts_are_kept() -> None:
    line = b'{"type":"assistant","message":{"content":[{"type":"text","text":"%d"}]}}\n'
    progress = fold(AgentProgress(), b"".join(line % number for number in range(30)))
    assert progress.texts == tuple(str(number) for number in range(10, 30))


def test_an_answer_after_an_api_error_takes_it_back() -> None:
    lines = (RECORDINGS / "api_529.jsonl").read_bytes() + (RECORDINGS / "resumed.jsonl").read_bytes()
    assert fold(AgentProgress(), lines).api_error is None


def result(**members: object) -> bytes:
    return json.dumps({"type": "result", "subtype": "success", "is_error": False, **members}).encode() + b"\n"


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "9" * 400, "-1", "1e15", "true", '"1"', "[]"])
@pytest.mark.parametrize("field", ["costUSD", "inputTokens", "outputTokens", "webSearchRequests"])
def test_numbers_that_cannot_be_are_passed_over(field: str, number: str) -> None:
    line = '{"type":"result","duration_ms":%s,"num_turns":%s,"model_usage_since_last_result":{"m":{"%s":%s}}}\n'
    progress = fold(AgentProgress(), (line % (number, number, field, number)).encode())
    assert progress.usage == Usage(model="m")
    assert progress.results[0].turns == 0


@pytest.mark.parametrize("seconds", ["1e999", "NaN", "9" * 400, "-5", "1e11"])
def test_times_that_cannot_be_are_passed_over(seconds: str) -> None:
    line = f'{{"type":"rate_limit_event","rate_limit_info":{{"resetsAt":{seconds}}}}}\n'
    assert fold(AgentProgress(), line.encode()).limit_resets_at is None


def test_lone_surrogates_are_replaced_wherever_a_text_leaves_the_stream() -> None:
    bad = "a\ud800b"
    block = {"type": "text", "text": bad}
    lines = (
        result(
            subtype=bad, result=bad, errors=[bad], terminal_reason=bad, deferred_tool_use={"name": bad},
            model_usage_since_last_result={bad: {"costUSD": 1}}, session_id=bad,
        ),
        json.dumps({"type": "assistant", "message": {"content": [block]}}).encode(),
        json.dumps({"type": "assistant", "error": bad, "api_error": bad, "message": {"content": [block]}}).encode(),
    )  # fmt: skip
    assert fold(AgentProgress(), b"\n".join(lines)) == AgentProgress(
        events=3,
        texts=("a?b",),
        last_step="a?b",
        results=(
            AgentResultEvent(
                subtype="a?b", is_error=False, text="a?b", deferred_tool="a?b", terminal_reason="a?b", errors=("a?b",)
            ),
        ),
        api_error=ApiError(kind="a?b", cause="a?b", message="a?b"),
        usage=Usage(cost_usd=1, model="a?b"),
        answered=True,
    )


@pytest.mark.parametrize("said", ["../../etc", "7f1d3c52", 7, None, "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11\n"])
def test_a_session_id_is_a_uuid(said: object) -> None:
    assert fold(AgentProgress(), result(session_id=said)).session_id is None


def test_an_answer_of_a_megabyte_survives() -> None:
    answer = "ä" * 1_000_000
    assert fold(AgentProgress(), result(result=answer)).results[0].text == answer


def test_an_answer_without_end_is_cut_and_says_so() -> None:
    text = fold(AgentProgress(), result(result="x" * (TEXT_LENGTH + 1234))).results[0].text
    assert text == "x" * TEXT_LENGTH + "\n\n… (1,234 more characters were cut off)"


def test_only_the_last_results_are_kept_and_all_are_counted() -> None:
    lines = [result(result=str(number), errors=["e" * 10_000] * 50) for number in range(30)]
    progress = fold(fold(AgentProgress(), b"".join(lines[:7])), b"".join(lines[7:]))
    assert [entry.text for entry in progress.results] == [str(number) for number in range(10, 30)]
    assert progress.results_dropped == 10
    assert len(progress.results[0].errors) == 20
    assert max(map(len, progress.results[0].errors)) < 2_100


def test_all_that_is_kept_is_bounded() -> None:
    progress = AgentProgress()
    for _ in range(20):
        block = {"type": "text", "text": "t" * TEXT_LENGTH}
        line = json.dumps({"type": "assistant", "message": {"content": [block]}}).encode() + b"\n"
        progress = fold(progress, line + result(result="r" * TEXT_LENGTH))
    assert sum(map(len, progress.texts)) <= KEPT_CHARACTERS
    assert sum(len(entry.text) for entry in progress.results) <= KEPT_CHARACTERS
    assert progress.results_dropped == 20 - len(progress.results)


def test_folding_takes_no_longer_for_what_came_before() -> None:
    lines = b"".join(result(result=str(number)) for number in range(1_000))
    progress, times = AgentProgress(), list[float]()
    for _ in range(30):
        begun = time.process_time()
        progress = fold(progress, lines)
        times.append(time.process_time() - begun)
    assert len(progress.results) == 20
    assert progress.results_dropped == 30_000 - 20
    assert min(times[-5:]) < 5 * min(times[:5])


words = st.text(st.characters(codec=None), max_size=5).map(json.dumps)  # lone surrogates among them
numbers = st.sampled_from(["1e999", "-1e999", "NaN", "-Infinity", "9" * 400, "9" * 5000, "-0.0", "1e-400", "0", "7"])

json_texts = st.recursive(
    words | numbers | st.sampled_from(["null", "true", "false", "{", "", "[" * 9_999, "[" * 999 + "]" * 999]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ",".join(items) + "]")
        | st.lists(st.tuples(words, inner).map(":".join), max_size=3).map(lambda items: "{" + ",".join(items) + "}")
    ),
    max_leaves=6,
)
# Events as they should be, but for one value in the place of each `?`.
SHAPES = (
    '{"type":"result","result":?,"errors":[?],"num_turns":?,"duration_ms":?,"api_error_status":?,"session_id":?}',
    '{"type":"result","model_usage_since_last_result":{"m":{"costUSD":?,"inputTokens":?,"outputTokens":?},"n":?}}',
    '{"type":"result","subtype":?,"terminal_reason":?,"deferred_tool_use":{"name":?},"errors":?,"is_error":?}',
    '{"type":"result","deferred_tool_use":{"id":"t","name":"ExitPlanMode","input":{"plan":?,"more":?}}}',
    '{"type":"result","deferred_tool_use":{"id":"t","name":"AskUserQuestion","input":{"questions":[?,?]}}}',
    '{"type":"result","deferred_tool_use":{"id":"t","name":"AskUserQuestion","input":{"questions":[{"question":?,'
    '"options":[{"label":?,"description":?},?],"multiSelect":?}],"more":?}}}',
    '{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":?,"is_error":?}]}}',
    '{"type":"assistant","message":{"content":[{"type":"tool_use","id":?,"name":"Bash","input":?}]}}',
    '{"type":"assistant","message":{"content":[{"type":"text","text":?},?]},"parent_tool_use_id":?}',
    '{"type":"assistant","message":{"content":[{"type":"tool_use","name":?,"input":{"command":?,"url":?}}]}}',
    '{"type":"assistant","error":?,"api_error":?,"message":{"content":[{"text":?}]},"api_error_status":?}',
    '{"type":"system","subtype":"api_retry","error_status":?}',
    '{"type":"rate_limit_event","rate_limit_info":{"resetsAt":?}}',
    '{"type":?,"subtype":?,"message":?,"session_id":?}',
)


@st.composite
def lines(draw: st.DrawFn) -> str:
    first, *rest = draw(st.sampled_from(SHAPES)).split("?")
    return first + "".join(draw(numbers | words | json_texts) + part for part in rest)


@given(st.lists(lines() | json_texts, max_size=3))
def test_whatever_is_written_is_folded_into_what_can_be_stored(texts: list[str]) -> None:
    progress = fold(AgentProgress(), "\n".join(texts).encode("utf-8", "surrogatepass"))
    assert AgentProgress.model_validate_json(progress.model_dump_json()) == progress
    assert math.isfinite(progress.usage.cost_usd)


@given(st.binary(max_size=200))
def test_whatever_bytes_are_written_are_counted(data: bytes) -> None:
    progress = fold(AgentProgress(), data)
    assert progress.events + progress.unreadable == len([line for line in data.split(b"\n") if line.strip()])
