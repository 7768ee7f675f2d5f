"""Every way a run ends. The recordings are the real CLI (2.1.330) against a scripted API on loopback."""

import json
from pathlib import Path

import pytest

from airut.adapters.claude_code.agent import ClaudeCode
from airut.models.hosts.sandbox import ExitStatus, LimitHit
from airut.models.tasks.agent import AgentProgress
from airut.models.tasks.outcome import AgentOutcome

RECORDINGS = Path(__file__).parent / "recordings"
O = AgentOutcome  # noqa: E741 (a table reads better)


def replay(name: str) -> AgentProgress:
    return ClaudeCode().progress(AgentProgress(), (RECORDINGS / f"{name}.jsonl").read_bytes())


@pytest.mark.parametrize(
    ("recording", "exit_status", "outcome", "detail"),
    [
        ("success", ExitStatus(code=0), O.DONE, ""),
        ("resumed", ExitStatus(code=0), O.DONE, ""),
        ("long_then_short", ExitStatus(code=0), O.DONE, ""),
        ("max_turns", ExitStatus(code=1), O.TURNS_EXCEEDED, "Reached maximum number of turns (2)"),
        ("api_401", ExitStatus(code=1), O.AUTH_FAILED, "Invalid API key · Fix external API key"),
        ("api_403", ExitStatus(code=1), O.AUTH_FAILED, None),
        ("api_400_billing", ExitStatus(code=1), O.AUTH_FAILED, "Credit balance is too low"),
        ("api_400_prompt_too_long", ExitStatus(code=1), O.CONTEXT_FULL, None),
        ("api_400_session", ExitStatus(code=1), O.SESSION_INVALID, None),
        ("api_400_other", ExitStatus(code=1), O.FAILED, "API Error: 400 max_tokens: must be positive"),
        ("api_404", ExitStatus(code=1), O.FAILED, None),
        ("api_413", ExitStatus(code=1), O.CONTEXT_FULL, None),
        ("api_429", ExitStatus(code=1), O.RATE_LIMITED, "API Error: Request rejected (429) · rate limited"),
        ("api_529", ExitStatus(code=1), O.RATE_LIMITED, None),
        ("api_500", ExitStatus(code=1), O.PROVIDER_UNAVAILABLE, None),
        ("connection_dropped", ExitStatus(code=1), O.PROVIDER_UNAVAILABLE, None),
        ("stream_broken", ExitStatus(code=1), O.PROVIDER_UNAVAILABLE, None),
        ("interrupted", ExitStatus(code=0), O.STOPPED, "interrupted"),
        ("interrupted", ExitStatus(code=0, limit=LimitHit.TIME), O.TIMEOUT, "the time limit was reached"),
        ("interrupted", ExitStatus(code=0, limit=LimitHit.IDLE), O.STALLED, None),
        ("interrupted", ExitStatus(code=0, limit=LimitHit.OUTPUT), O.OUTPUT_LIMIT, None),
        ("interrupted", ExitStatus(code=0, limit=LimitHit.DISK), O.DISK_FULL, None),
        ("terminated", ExitStatus(code=143, signal=15), O.FAILED, "ended by signal 15 before it had finished"),
        ("killed", ExitStatus(code=137, signal=9), O.FAILED, "ended by signal 9 before it had finished"),
        ("killed", ExitStatus(code=137, signal=9, oom_killed=True), O.OUT_OF_MEMORY, "the memory limit was reached"),
        ("success", ExitStatus(code=0, oom_killed=True), O.DONE, ""),
        ("success", ExitStatus(code=-1, tampered=True), O.FAILED, "output was tampered with"),
    ],
)
def test_recorded(recording: str, exit_status: ExitStatus, outcome: AgentOutcome, detail: str | None) -> None:
    verdict = ClaudeCode().verdict(replay(recording), exit_status, "")
    assert verdict.outcome is outcome
    if detail is not None:
        assert verdict.detail == detail
    assert verdict.session_id == "7f1d3c52-0a5e-4b6e-9f63-2d0c5a1b7e11"


@pytest.mark.parametrize(
    ("stream", "exit_status", "stderr", "outcome", "detail"),
    [
        (
            b'{"type":"result","subtype":"success","is_error":false,"result":"","deferred_tool_use":{"id":"t","name":"Ask"}}\n',
            ExitStatus(code=0),
            "",
            O.FAILED,
            "the agent's call of Ask could not be read as a question",
        ),
        (
            b'{"type":"result","subtype":"error_max_budget_usd","is_error":true,"errors":["over"]}\n',
            ExitStatus(code=1),
            "",
            O.BUDGET_EXCEEDED,
            "over",
        ),
        (
            b'{"type":"result","subtype":"error_during_execution","is_error":true,'
            b'"errors":["No conversation found with session ID: x"]}\n',
            ExitStatus(code=1),
            "",
            O.SESSION_INVALID,
            "No conversation found with session ID: x",
        ),
        (
            b"",
            ExitStatus(code=1),
            "Error: Session ID x is already in use.",
            O.SESSION_INVALID,
            "Error: Session ID x is already in use.",
        ),
        (b"", ExitStatus(code=127), "no such file\n", O.FAILED, "no such file"),
        (b"", ExitStatus(code=0), "", O.SESSION_INVALID, "the session had nothing to go on with"),
        (b'{"type":"system"}\n', ExitStatus(code=0), "", O.FAILED, "ended with exit code 0 and without a result"),
        (b"", ExitStatus(code=3), "", O.FAILED, "ended with exit code 3 and without a result"),
        (
            b'{"type":"assistant","message":{"content":[{"type":"text","text":"API Error: 429 rate limit reached"}]}}\n'
            b'{"type":"result","subtype":"success","is_error":false,"result":"API Error: 429"}\n',
            ExitStatus(code=0),
            "API Error: 401",
            O.DONE,
            "",
        ),
    ],
)
def test_constructed(stream: bytes, exit_status: ExitStatus, stderr: str, outcome: AgentOutcome, detail: str) -> None:
    verdict = ClaudeCode().verdict(ClaudeCode().progress(AgentProgress(), stream), exit_status, stderr)
    assert (verdict.outcome, verdict.detail) == (outcome, detail)


@pytest.mark.parametrize(
    ("recording", "text"),
    [
        ("success", "All done: it works."),
        ("long_then_short", "A long report. " * 40 + "\n\nDone."),
        ("api_401", ""),
    ],
)
def test_reply_text(recording: str, text: str) -> None:
    assert ClaudeCode().verdict(replay(recording), ExitStatus(code=0), "").text == text


def test_several_results_are_joined() -> None:
    lines = b"".join(
        b'{"type":"result","subtype":"success","is_error":false,"result":"part %d"}\n' % number for number in (1, 2)
    )
    progress = ClaudeCode().progress(AgentProgress(), lines)
    assert ClaudeCode().verdict(progress, ExitStatus(code=0), "").text == "part 1\n\npart 2"


def test_rate_limit_names_when_it_renews() -> None:
    stream = b'{"type":"rate_limit_event","rate_limit_info":{"status":"rejected","resetsAt":1800000000}}\n'
    progress = ClaudeCode().progress(AgentProgress(), stream + (RECORDINGS / "api_429.jsonl").read_bytes())
    retry_at = ClaudeCode().verdict(progress, ExitStatus(code=1), "").retry_at
    assert retry_at is not None
    assert retry_at.isoformat() == "2027-01-15T08:00:00+00:00"


def error(message: str, status: int | None = 400, kind: str = "unknown", **more: object) -> bytes:
    """What Claude Code writes when the API refuses: its error event, and its result."""
    text = f"API Error: {status} {message}"
    content = [{"type": "text", "text": text}]
    event = {"type": "assistant", "message": {"model": "<synthetic>", "content": content}, "error": kind,
             "is_api_error_message": True, "api_error_status": status, **more}  # fmt: skip
    end = {"type": "result", "subtype": "success", "is_error": True, "result": text, "api_error_status": status}
    return f"{json.dumps(event)}\n{json.dumps(end)}\n".encode()


NAMED = "messages.3.content.0: unexpected `tool_use_id` found in `tool_result` blocks"


@pytest.mark.parametrize(
    ("stream", "outcome"),
    [
        # As the real CLI (2.1.330) words them; only some have a name of their own.
        (error("due to tool use concurrency issues.", api_error="tool_history_mismatch"), O.SESSION_INVALID),
        (error(NAMED), O.SESSION_INVALID),
        (error("messages: text content blocks must be non-empty"), O.SESSION_INVALID),
        (error("messages.1.content.0.type: Expected `thinking`, but found `text`"), O.SESSION_INVALID),
        (error("thinking blocks cannot be modified: messages.3.content.1"), O.SESSION_INVALID),
        (error("max_tokens: must be positive"), O.FAILED),
        (error("tools.0.name: too many messages"), O.FAILED),
        (error("input length and `max_tokens` exceed context limit: 190000 + 32000 > 200000"), O.CONTEXT_FULL),
        # The same words with another status say nothing of the session.
        (error(NAMED, 429, "rate_limit"), O.RATE_LIMITED),
        (error(NAMED, 529, "server_error"), O.RATE_LIMITED),
        (error(NAMED, 401, "authentication_failed"), O.AUTH_FAILED),
        (error(NAMED, 403, "authentication_failed"), O.AUTH_FAILED),
        (error(NAMED, 500, "server_error"), O.PROVIDER_UNAVAILABLE),
        (error(NAMED, 404, "model_not_found"), O.FAILED),
        (error(NAMED, 429, "rate_limit", api_error="tool_history_mismatch"), O.RATE_LIMITED),
        (error("Your credit balance is too low", 402, "billing_error"), O.AUTH_FAILED),
        (error("", 403, "unknown", api_error="org_disabled_credential"), O.AUTH_FAILED),
        (error("", None, "server_error"), O.PROVIDER_UNAVAILABLE),
        (error("Overloaded", None, "unknown", api_error_type="overloaded_error"), O.RATE_LIMITED),
    ],
)
def test_what_the_api_refuses(stream: bytes, outcome: AgentOutcome) -> None:
    verdict = ClaudeCode().verdict(ClaudeCode().progress(AgentProgress(), stream), ExitStatus(code=1), "")
    assert (verdict.outcome, verdict.usage_limit, verdict.prompt_taken) == (outcome, False, False)


RESET = {"rate_limit_info": {"status": "rejected", "resetsAt": 1800000000}}
SPENT = "You have reached your specified API usage limits."


@pytest.mark.parametrize(
    ("stream", "retry_at"),
    [
        (error("", 429, "rate_limit", api_error="usage_limit_reached", api_error_params=RESET), "2027-01-15T08:00:00+00:00"),
        (error("", 429, "rate_limit", api_error="usage_limit_reached"), None),
        (error(f"{SPENT} You will regain access on 2026-12-01 at 00:00 UTC."), "2026-12-01T00:00:00+00:00"),
        (error(f"{SPENT} You will regain access on 2026-13-01 at 00:00 UTC."), None),
        (error(SPENT), None),
    ],
)  # fmt: skip
def test_usage_limits_are_told_from_passing_ones(stream: bytes, retry_at: str | None) -> None:
    verdict = ClaudeCode().verdict(ClaudeCode().progress(AgentProgress(), stream), ExitStatus(code=1), "")
    assert (verdict.outcome, verdict.usage_limit) == (O.RATE_LIMITED, True)
    assert (verdict.retry_at and verdict.retry_at.isoformat()) == retry_at


def test_a_limit_that_is_not_yet_met_sets_no_time() -> None:
    stream = b'{"type":"rate_limit_event","rate_limit_info":{"status":"allowed_warning","resetsAt":1800000000}}\n'
    progress = ClaudeCode().progress(AgentProgress(), stream + (RECORDINGS / "api_429.jsonl").read_bytes())
    verdict = ClaudeCode().verdict(progress, ExitStatus(code=1), "")
    assert (verdict.outcome, verdict.usage_limit, verdict.retry_at) == (O.RATE_LIMITED, False, None)


@pytest.mark.parametrize(
    ("recording", "taken"),
    [
        ("success", True),
        ("killed", False),
        ("interrupted", True),
        ("api_529", False),
        ("api_400_prompt_too_long", False),
    ],
)
def test_whether_the_prompt_was_taken(recording: str, taken: bool) -> None:
    assert ClaudeCode().verdict(replay(recording), ExitStatus(code=1), "").prompt_taken is taken


def test_what_a_compaction_says_is_no_answer() -> None:
    said = {"type": "text", "text": "Error during compaction: API Error: 529 Overloaded."}
    lines = (
        {"type": "assistant", "message": {"model": "<synthetic>", "content": [said]}},
        {"type": "result", "subtype": "success", "is_error": False, "result": said["text"], "num_turns": 0},
    )
    stream = "".join(json.dumps(line) + "\n" for line in lines).encode()
    progress = ClaudeCode().progress(AgentProgress(), stream + (RECORDINGS / "api_529.jsonl").read_bytes())
    verdict = ClaudeCode().verdict(progress, ExitStatus(code=1), "")
    assert (verdict.outcome, verdict.text, verdict.prompt_taken) == (O.RATE_LIMITED, "", False)


@pytest.mark.parametrize(
    ("stream", "stderr", "detail"),
    [
        (json.dumps({"type": "result", "errors": ["e" * 1_999] * 9}).encode(), "", ("e" * 1_999 + "; ") * 2),
        (b"", "x" * 2_000_000 + "the end", "x" * 3_992 + "the end"),
        (b"", "Session ID x is already in use" + "\n" * 2_000_000, "ended with exit code 1 and without a result"),
    ],
    ids=["errors", "stderr", "what stderr said long ago"],
)
def test_what_people_are_told_is_bounded(stream: bytes, stderr: str, detail: str) -> None:
    verdict = ClaudeCode().verdict(ClaudeCode().progress(AgentProgress(), stream), ExitStatus(code=1), stderr)
    assert len(verdict.detail) <= 4_000
    assert verdict.detail.strip("…") == detail.strip("…")[:3_999]


def test_a_reply_says_that_parts_of_it_are_left_out() -> None:
    lines = b"".join(b'{"type":"result","is_error":false,"result":"%d"}\n' % number for number in range(22))
    text = ClaudeCode().verdict(ClaudeCode().progress(AgentProgress(), lines), ExitStatus(code=0), "").text
    assert text.startswith("… (2 earlier parts were left out)\n\n2\n\n3\n\n")
