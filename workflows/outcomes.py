"""How an agent's end, or a failed activity, becomes the task's outcome (spec: lifecycle §8, sandbox §5.2). Pure."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.exceptions import TimeoutError as ActivityTimeout

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.outcome import AgentOutcome, TaskOutcome

DETAIL_MOST = 4_000
HEADLINE_MOST = 300
"""Characters. An outcome's detail can be a build log or what the agent printed; a history and a mail cannot be that."""

OUTCOMES = {
    AgentOutcome.DONE: TaskOutcome.SUCCESS,
    AgentOutcome.FAILED: TaskOutcome.FAILED,
    AgentOutcome.QUESTION: TaskOutcome.FAILED,  # without its text; with it, it is asked
    AgentOutcome.STOPPED: TaskOutcome.STOPPED,
    AgentOutcome.TURNS_EXCEEDED: TaskOutcome.TURNS_EXCEEDED,
    AgentOutcome.BUDGET_EXCEEDED: TaskOutcome.BUDGET_EXCEEDED,
    AgentOutcome.RATE_LIMITED: TaskOutcome.USAGE_LIMITED,
    AgentOutcome.AUTH_FAILED: TaskOutcome.PROVIDER_AUTH,
    AgentOutcome.PROVIDER_UNAVAILABLE: TaskOutcome.PROVIDER_UNAVAILABLE,
    AgentOutcome.CONTEXT_FULL: TaskOutcome.SESSION_LOST,
    AgentOutcome.SESSION_INVALID: TaskOutcome.SESSION_LOST,
    AgentOutcome.OUT_OF_MEMORY: TaskOutcome.SANDBOX_LOST,
    AgentOutcome.TIMEOUT: TaskOutcome.TIMED_OUT,
    AgentOutcome.STALLED: TaskOutcome.TIMED_OUT,
    AgentOutcome.OUTPUT_LIMIT: TaskOutcome.FAILED,
    AgentOutcome.DISK_FULL: TaskOutcome.DISK_FULL,
}


class Ended(Exception):
    """The task cannot go on; the reply says why. Never leaves the workflow."""

    def __init__(self, outcome: TaskOutcome, detail: str = "") -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


def reason(error: ActivityError) -> tuple[TaskOutcome, str]:
    """The outcome that a failed activity stands for: activities raise with the outcome as the failure's type."""
    cause = error.cause
    if isinstance(cause, ApplicationError):
        known = {str(outcome): outcome for outcome in TaskOutcome}
        return known.get(cause.type or "", TaskOutcome.INTERNAL_ERROR), cause.message
    if isinstance(cause, ActivityTimeout):
        return TaskOutcome.INTERNAL_ERROR, f"{error.activity_type} took too long"
    return TaskOutcome.INTERNAL_ERROR, type(cause).__name__


def cut(detail: str) -> str:
    """The end of a long detail: what went wrong stands last in a log."""
    return detail if len(detail) <= DETAIL_MOST else "…" + detail[-DETAIL_MOST:]
