"""How an agent run and how a task can end (spec: lifecycle §8, sandbox §5.2)."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from airut.models.base import Model
from airut.models.blob import BlobRef
from airut.models.questions.question import Question

type Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""NaN and infinity become `null` in JSON, which nobody can decode again: a workflow that held one would stand still."""
type Count = Annotated[int, Field(ge=0)]


class TaskOutcome(StrEnum):
    """Every way a task can end. There is no path without one."""

    SUCCESS = "success"
    NO_CHANGES = "no_changes"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    QUESTION_EXPIRED = "question_expired"
    TURNS_EXCEEDED = "turns_exceeded"
    BUDGET_EXCEEDED = "budget_exceeded"
    USAGE_LIMITED = "usage_limited"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_AUTH = "provider_auth"
    SANDBOX_LOST = "sandbox_lost"
    HOST_LOST = "host_lost"
    IMAGE_FAILED = "image_failed"
    WORKSPACE_FAILED = "workspace_failed"
    POLICY_INVALID = "policy_invalid"
    PUBLISH_FAILED = "publish_failed"
    REPLY_FAILED = "reply_failed"
    SESSION_LOST = "session_lost"
    DISK_FULL = "disk_full"
    AUDIT_UNAVAILABLE = "audit_unavailable"
    """What would be done could not be recorded, so it was not begun."""
    REPOSITORY_GONE = "repository_gone"
    """It was taken out of the configuration after the conversation had begun."""
    INTERNAL_ERROR = "internal_error"

    @property
    def succeeded(self) -> bool:
        """What did not, its author may have done again."""
        return self in {TaskOutcome.SUCCESS, TaskOutcome.NO_CHANGES}

    @property
    def did_its_job(self) -> bool:
        """False makes the task *Failed* in Temporal, so that it shows in the UI."""
        return self in {TaskOutcome.SUCCESS, TaskOutcome.NO_CHANGES, TaskOutcome.STOPPED}


class AgentOutcome(StrEnum):
    """How one agent run ended, read from structured events and the exit file, never from prose."""

    DONE = "DONE"
    FAILED = "FAILED"
    QUESTION = "QUESTION"
    STOPPED = "STOPPED"
    TURNS_EXCEEDED = "TURNS_EXCEEDED"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    AUTH_FAILED = "AUTH_FAILED"
    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    CONTEXT_FULL = "CONTEXT_FULL"
    SESSION_INVALID = "SESSION_INVALID"
    OUT_OF_MEMORY = "OUT_OF_MEMORY"
    TIMEOUT = "TIMEOUT"
    STALLED = "STALLED"
    OUTPUT_LIMIT = "OUTPUT_LIMIT"
    DISK_FULL = "DISK_FULL"


class Usage(Model):
    """What a run consumed; summed over segments and attempts. Costs in US dollars, durations in seconds."""

    cost_usd: Amount = 0.0
    turns: Count = 0
    duration_s: Amount = 0.0
    input_tokens: Count = 0
    output_tokens: Count = 0
    web_searches: Count = 0
    model: str | None = None

    def __add__(self, other: Self) -> Self:
        return type(self)(
            cost_usd=self.cost_usd + other.cost_usd,
            turns=self.turns + other.turns,
            duration_s=self.duration_s + other.duration_s,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            web_searches=self.web_searches + other.web_searches,
            model=other.model or self.model,
        )


class AgentVerdict(Model):
    """What an agent run came to: its outcome, its last words, what it used, and when a limit renews."""

    outcome: AgentOutcome
    text: str = ""
    usage: Usage = Usage()
    session_id: str | None = None
    detail: str = ""
    """For people: the error's own words, without secrets."""
    retry_at: datetime | None = None
    """When to try again, where the provider said so."""
    question: Question | None = None
    """What the agent asks: set when the outcome is QUESTION, and only then."""
    prompt_taken: bool = False
    """This run's prompt (or answer) is in the session for sure: a run that goes on must not repeat it. False for a run
    that was killed: ask `Sessions.holds`."""
    usage_limit: bool = False
    """The provider's usage limit is used up, as opposed to a passing 429 or 529."""


class LostRun(Model):
    """What is known of a run whose sandbox was lost, or which nobody could bring home: the detail of a failed
    `run_agent`, when it failed after it had begun to follow the sandbox's output."""

    usage: Usage = Usage()
    """What the output has told by then. An agent tells its costs at the end of a turn: those of the turn that was cut
    off are unknown."""
    prompt_taken: bool = False
    """As `AgentVerdict.prompt_taken`, and asked of the session's transcript already."""
    transcript: BlobRef | None = None
    """The newest copy of the session, stored when it was lost, or at least while it ran."""
    ran_s: Amount = 0.0
    """Seconds that this attempt watched it: a lower bound of how long it ran."""
