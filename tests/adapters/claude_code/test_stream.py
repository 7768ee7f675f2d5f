"""The event stream folded into progress."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from airut.adapters.claude_code.stream import fold
from airut.models.agent import AgentProgress, AgentResultEvent
from airut.models.outcome import Usage

RECORDINGS = Path(__file__).parent / "recordings"


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
    )


def test_cost_of_a_resumed_run_is_its_own() -> None:
    assert fold(AgentProgress(), (RECORDINGS / "resumed.jsonl").read_bytes()).usage.cost_usd == 0.0008


def test_a_tool_in_hand() -> None:
    assert fold(AgentProgress(), (RECORDINGS / "killed.jsonl").read_bytes()).last_step == "Bash: sleep 30"


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


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    ["subtype", "message", "usage", "errors", "deferred_tool_use", "model_usage_since_last_result", "rate_limit_info"]
)


@given(st.sampled_from(["assistant", "result", "system", "rate_limit_event"]), st.dictionaries(fields, json_values))
def test_never_raises(kind: str, members: dict[str, object]) -> None:
    import json

    fold(AgentProgress(), json.dumps({"type": kind, **members}).encode() + b"\n")
