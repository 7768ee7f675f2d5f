"""How a run ended, from the structured fields of its events and its exit status (spec: sandbox §5.2)."""

from collections.abc import Callable

from airut.models.agent import AgentProgress, AgentResultEvent, ApiError
from airut.models.outcome import AgentOutcome, AgentVerdict
from airut.models.sandbox import ExitStatus, LimitHit

DETAIL_LENGTH = 4_000  # characters: it goes into a workflow's history and into a reply
STDERR_READ = 16_000  # its end; what ended the run is said last
LAST_LINES = 10
RECENT = 5
MUCH_LONGER = 4

LIMITS = {
    LimitHit.TIME: (AgentOutcome.TIMEOUT, "the time limit was reached"),
    LimitHit.IDLE: (AgentOutcome.STALLED, "neither output nor CPU use until the idle limit"),
    LimitHit.OUTPUT: (AgentOutcome.OUTPUT_LIMIT, "the output limit was reached"),
    LimitHit.DISK: (AgentOutcome.DISK_FULL, "the disk limit was reached"),
}
SUBTYPES = {
    "error_max_turns": AgentOutcome.TURNS_EXCEEDED,
    "error_max_budget_usd": AgentOutcome.BUDGET_EXCEEDED,
}
# First match wins. A status of None is a failure without an answer: the connection, or nothing to log in with.
API_ERRORS: tuple[tuple[Callable[[ApiError], bool], AgentOutcome], ...] = (
    (lambda error: error.status in {401, 403} or error.kind == "authentication_failed", AgentOutcome.AUTH_FAILED),
    (lambda error: error.kind == "billing_error", AgentOutcome.AUTH_FAILED),
    (lambda error: error.status in {429, 529} or error.kind in {"rate_limit", "overloaded"}, AgentOutcome.RATE_LIMITED),
    (lambda error: error.status == 413, AgentOutcome.CONTEXT_FULL),
    # `cause` names what is wrong with the conversation itself, such as tool_history_mismatch.
    (lambda error: error.status == 400 and error.cause is not None, AgentOutcome.SESSION_INVALID),
    (lambda error: error.kind == "server_error" or (error.status or 0) >= 500, AgentOutcome.PROVIDER_UNAVAILABLE),
)


def classify(progress: AgentProgress, exit_status: ExitStatus, stderr: str) -> AgentVerdict:
    """The verdict on an ended run."""
    outcome, detail = _outcome(progress, exit_status, stderr[-STDERR_READ:])
    return AgentVerdict(
        outcome=outcome,
        text=reply_text(progress),
        usage=progress.usage,
        session_id=progress.session_id,
        detail=detail if len(detail) <= DETAIL_LENGTH else detail[: DETAIL_LENGTH - 1] + "…",
        retry_at=progress.limit_resets_at if outcome is AgentOutcome.RATE_LIMITED else None,
        question=progress.results[-1].question if outcome is AgentOutcome.QUESTION else None,
        prompt_taken=progress.answered,
        usage_limit=outcome is AgentOutcome.RATE_LIMITED and progress.usage_limit,
    )


def reply_text(progress: AgentProgress) -> str:
    """What people get to read: the last text; or, where one of the last few is much longer, from that one on."""
    if len(progress.results) > 1:
        dropped = f"… ({progress.results_dropped:,} earlier parts were left out)" if progress.results_dropped else ""
        parts = [result.text for result in progress.results if not result.is_error]
        return "\n\n".join(filter(None, (dropped, *parts)))
    recent = progress.texts[-RECENT:]
    if not recent:
        return next((result.text for result in reversed(progress.results) if not result.is_error), "")
    long = MUCH_LONGER * len(recent[-1])
    first = next((i for i in reversed(range(len(recent))) if len(recent[i]) >= long), len(recent) - 1)
    return "\n\n".join(recent[first:])


def _outcome(progress: AgentProgress, exit_status: ExitStatus, stderr: str) -> tuple[AgentOutcome, str]:
    result = progress.results[-1] if progress.results else None
    if exit_status.tampered:
        return AgentOutcome.FAILED, "output was tampered with"
    if exit_status.limit:
        return LIMITS[exit_status.limit]
    if result and not result.is_error and exit_status.code == 0:
        if result.deferred_tool and not result.question:
            return AgentOutcome.FAILED, f"the agent's call of {result.deferred_tool} could not be read as a question"
        return (AgentOutcome.QUESTION, result.deferred_tool or "") if result.question else (AgentOutcome.DONE, "")
    if exit_status.oom_killed:
        return AgentOutcome.OUT_OF_MEMORY, "the memory limit was reached"
    if result and result.is_error:
        return _failed_result(result, progress.api_error)
    if progress.api_error:
        return _api_outcome(progress.api_error), progress.api_error.message
    if f"Session ID {progress.session_id or ''}" in stderr and "is already in use" in stderr:
        return AgentOutcome.SESSION_INVALID, _last_lines(stderr)
    return AgentOutcome.FAILED, _last_lines(stderr) or _ended(exit_status)


def _failed_result(result: AgentResultEvent, api_error: ApiError | None) -> tuple[AgentOutcome, str]:
    said = "; ".join(result.errors) or result.text
    if result.subtype in SUBTYPES:
        return SUBTYPES[result.subtype], said
    if (result.terminal_reason or "").startswith("aborted"):
        return AgentOutcome.STOPPED, "interrupted"
    if any(error.startswith("No conversation found") for error in result.errors):
        return AgentOutcome.SESSION_INVALID, said
    if result.terminal_reason == "prompt_too_long":
        return AgentOutcome.CONTEXT_FULL, said
    if api_error is None and result.api_error_status is None:
        return AgentOutcome.FAILED, said
    error = api_error or ApiError(kind="unknown", status=result.api_error_status, message=said)
    return _api_outcome(error), error.message or said


def _api_outcome(error: ApiError) -> AgentOutcome:
    return next((outcome for applies, outcome in API_ERRORS if applies(error)), AgentOutcome.FAILED)


def _ended(exit_status: ExitStatus) -> str:
    if exit_status.signal:
        return f"ended by signal {exit_status.signal} before it had finished"
    return f"ended with exit code {exit_status.code} and without a result"


def _last_lines(text: str) -> str:
    """The end of it, by lines and by characters: the last words are the ones that tell."""
    last = "\n".join(text.strip().splitlines()[-LAST_LINES:])
    return last if len(last) <= DETAIL_LENGTH else "…" + last[1 - DETAIL_LENGTH :]
