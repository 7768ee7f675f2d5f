"""How a run ended, from the structured fields of its events and its exit status (spec: sandbox §5.2)."""

import re
from collections.abc import Callable
from datetime import datetime

from airut.adapters.claude_code.questions import PLAN_LENGTH
from airut.models.hosts.sandbox import ExitStatus, LimitHit
from airut.models.questions.question import Question, QuestionKind
from airut.models.tasks.agent import AgentProgress, AgentResultEvent, ApiError
from airut.models.tasks.outcome import AgentOutcome, AgentVerdict

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
CONTENT = frozenset({"tool_history_mismatch", "media_removed", "pdf_too_large", "pdf_password_protected"})
"""The API's names for what is wrong with the conversation itself."""
CREDENTIAL = frozenset(
    {"api_key_auth_disabled", "invalid_credential_header", "org_disabled_credential", "model_requires_usage_credits",
     "long_context_credits_required"}
)  # fmt: skip
NAMES_MESSAGES = re.compile(r"API Error: 400 (messages(\.\d+|:)|.*\bmessages\.\d+\b|thinking blocks)")
"""How the API's validation names them: `messages.3.content.0: …`. The agent's own words are not in an error event."""
TOO_LONG = re.compile(r"API Error: 400 .*exceed context limit")
SPENT = re.compile(
    r"API Error: 400 You have reached your specified API usage limits"
    r"(?:.*?regain access on (?P<day>\d{4}-\d\d-\d\d) at (?P<time>\d\d:\d\d) UTC)?"
)
"""The spending limit that an organisation has set itself; the API gives it no type of its own."""


def _is_auth(error: ApiError) -> bool:
    """A status of None is a failure without an answer: the connection, or nothing to log in with."""
    if error.status in {401, 402, 403} or error.kind in {"authentication_failed", "billing_error"}:
        return True
    return error.cause in CREDENTIAL


def _is_limit(error: ApiError) -> bool:
    if error.status in {429, 529} or error.kind in {"rate_limit", "overloaded"}:
        return True
    return error.type in {"rate_limit_error", "overloaded_error"} or bool(_spent(error))


def _spent(error: ApiError) -> re.Match[str] | None:
    return SPENT.match(error.message) if error.status == 400 else None


def _is_too_long(error: ApiError) -> bool:
    return error.status == 413 or (error.status == 400 and bool(TOO_LONG.match(error.message)))


def _is_content(error: ApiError) -> bool:
    return error.status == 400 and (error.cause in CONTENT or bool(NAMES_MESSAGES.match(error.message)))


def _is_provider(error: ApiError) -> bool:
    return error.kind == "server_error" or (error.status or 0) >= 500


API_ERRORS: tuple[tuple[Callable[[ApiError], bool], AgentOutcome], ...] = (  # the first that applies
    (_is_auth, AgentOutcome.AUTH_FAILED),
    (_is_limit, AgentOutcome.RATE_LIMITED),
    (_is_too_long, AgentOutcome.CONTEXT_FULL),
    (_is_content, AgentOutcome.SESSION_INVALID),
    (_is_provider, AgentOutcome.PROVIDER_UNAVAILABLE),
)


def classify(progress: AgentProgress, exit_status: ExitStatus, stderr: str) -> AgentVerdict:
    """The verdict on an ended run."""
    outcome, detail = _outcome(progress, exit_status, stderr[-STDERR_READ:])
    limited = outcome is AgentOutcome.RATE_LIMITED
    return AgentVerdict(
        outcome=outcome,
        text=reply_text(progress),
        usage=progress.usage,
        session_id=progress.session_id,
        detail=detail if len(detail) <= DETAIL_LENGTH else detail[: DETAIL_LENGTH - 1] + "…",
        retry_at=_retry_at(progress) if limited else None,
        question=_question(progress) if outcome is AgentOutcome.QUESTION else None,
        prompt_taken=progress.answered and bool(progress.results),  # a run that ends itself has written all it knows
        usage_limit=limited and (progress.usage_limit or bool(progress.api_error and _spent(progress.api_error))),
    )


def _retry_at(progress: AgentProgress) -> datetime | None:
    spent = _spent(progress.api_error) if progress.api_error else None
    if spent and spent["day"]:
        try:
            return datetime.fromisoformat(f"{spent['day']}T{spent['time']}+00:00")
        except ValueError:
            return None
    return progress.limit_resets_at


def _question(progress: AgentProgress) -> Question | None:
    """A plan that was not written to its file is in the agent's last words."""
    question = progress.results[-1].question
    if question and question.kind is QuestionKind.PLAN and not question.plan and progress.texts:
        return question.model_copy(update={"plan": progress.texts[-1][:PLAN_LENGTH]})
    return question


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
    if exit_status.code == 0 and not progress.events and not progress.unreadable:
        # Resumed without a message, for a call that waits for its answer; but the session knows of none.
        return AgentOutcome.SESSION_INVALID, "the session had nothing to go on with"
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
