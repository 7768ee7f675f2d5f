"""How long a task waits for the model's provider, or for whoever repairs a credential (spec: lifecycle §9). Pure."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.base import Model
    from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, TaskOutcome
    from airut.models.tasks.task import TaskStep

SHORTEST, LONGEST = timedelta(minutes=1), timedelta(minutes=30)
"""Between two tries where nothing says how long: what is overloaded recovers in minutes, or not for hours."""

LIMIT_LONGEST = timedelta(hours=6)
"""Between two tries at a usage limit that does not say when it renews: it lasts for hours or days."""

SPREAD = 0.2
"""So that many threads that were refused at once do not all come back at once."""

AFTER_RESET = timedelta(minutes=2)
"""After a limit has renewed, at most: for the same reason."""

REPAIR = timedelta(minutes=10)
"""Between two tries with a credential that was refused; a changed configuration is noticed by the next one."""

LIMIT_MOST, PROVIDER_MOST, OPERATOR_MOST = timedelta(days=7), timedelta(hours=24), timedelta(hours=24)
"""From the first refusal on: a weekly limit renews within seven days; an outage of a day is for people to look at."""

TOLD = timedelta(minutes=15)
"""A longer wait is told to whoever waits too."""


class Patience(Model):
    """Since when, and how often in a row, the provider has refused."""

    since: datetime | None = None
    tries: int = 0


class Wait(Model):
    """The next try, and what the task ends as when there is none any more."""

    step: TaskStep
    until: datetime
    outcome: TaskOutcome
    over: bool = False
    """The provider was waited for as long as the specification allows: end as `outcome`."""


def refused_by_provider(verdict: AgentVerdict) -> bool:
    return verdict.outcome in {
        AgentOutcome.RATE_LIMITED,
        AgentOutcome.PROVIDER_UNAVAILABLE,
        AgentOutcome.AUTH_FAILED,
    }


def next_wait(verdict: AgentVerdict, patience: Patience, now: datetime, chance: float) -> Wait:
    """When to try again after this refusal. `chance` is a random number from 0 to 1; `patience` counts the refusals
    before this one, and `since` is when the first was."""
    since = patience.since or now
    if verdict.outcome is AgentOutcome.AUTH_FAILED:
        step, outcome, most, until = TaskStep.AWAITING_OPERATOR, TaskOutcome.PROVIDER_AUTH, OPERATOR_MOST, now + REPAIR
    elif verdict.outcome is AgentOutcome.RATE_LIMITED and (verdict.usage_limit or verdict.retry_at):
        step, outcome, most = TaskStep.AWAITING_PROVIDER, TaskOutcome.USAGE_LIMITED, LIMIT_MOST
        guessed = now + min(LONGEST * 2 ** min(patience.tries, 10), LIMIT_LONGEST)
        renewed = verdict.retry_at if verdict.retry_at and verdict.retry_at > now else guessed
        # A time that is told and does not come true is believed less and less: it would be tried each minute for days.
        until = max(renewed + chance * AFTER_RESET, now + min(SHORTEST * 2 ** min(patience.tries, 10), LIMIT_LONGEST))
    else:
        step, outcome, most = TaskStep.AWAITING_PROVIDER, TaskOutcome.PROVIDER_UNAVAILABLE, PROVIDER_MOST
        until = now + min(SHORTEST * 2 ** min(patience.tries, 10), LONGEST) * (1 - SPREAD + 2 * SPREAD * chance)
    over = until > since + most if outcome is TaskOutcome.USAGE_LIMITED else now >= since + most
    return Wait(step=step, until=until, outcome=outcome, over=over)
