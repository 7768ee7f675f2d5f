"""Schedules as configured: `repos.<repo>.schedules.<name>` (spec: lifecycle §14). Times in seconds, sizes in bytes."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from airut.models.base import Model
from airut.models.mail.address import BadAddress, normalized
from airut.models.schedules.cron import parse_cron
from airut.models.schedules.timezones import ZoneName
from airut.models.threads.message import Effort
from airut.models.values.durations import Bytes, Seconds

SCHEDULE_NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"

SLACK_PLACE = r"^(#[^\s#]{1,80}|[CG][A-Z0-9]{2,20})$"

PROMPT_MOST = 20_000
"""Characters. A prompt stands in the history of every firing; longer instructions belong into the repository."""

OUTPUT_MOST = 1024**2
"""Bytes of a trigger's output that can become a prompt: more is a file, not an instruction."""

EVERY_LEAST = 10
CATCH_UP_LEAST = 10
"""Seconds; Temporal takes no shorter catch-up window."""

YEAR = 365 * 86400


def _cron(text: str) -> str:
    parse_cron(text)
    return text


def _address(text: str) -> str:
    local, at, domain = text.strip().rpartition("@")
    try:
        if not at:
            raise BadAddress("there is no @ in it")
        return normalized(local, domain)
    except BadAddress as error:
        raise ValueError(f"{text!r} is no bare mail address such as ann@example.com: {error}") from error


class Overlap(StrEnum):
    """What a firing does while an earlier one of its schedule still runs."""

    SKIP = "skip"
    BUFFER_ONE = "buffer_one"
    BUFFER_ALL = "buffer_all"
    CANCEL_OTHER = "cancel_other"
    ALLOW_ALL = "allow_all"


class TriggerCommand(Model):
    """A command whose output is the prompt. It runs without a shell, in a sandbox of its own."""

    command: Annotated[tuple[str, ...], Field(min_length=1)]
    """Its words; no shell reads them."""
    timeout: Annotated[Seconds, Field(ge=1, le=86400)] = 600.0
    """How long it may take."""
    output_limit: Annotated[Bytes, Field(ge=1, le=OUTPUT_MOST)] = 100 * 1024
    """How much of its output is used."""

    @field_validator("command", mode="before")
    @classmethod
    def _a_list(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError(f"write a list, one word an item: no shell reads it (for one: [sh, -c, {value!r}])")
        return value


class DeliverTo(Model):
    """Who gets the answer."""

    email: Annotated[tuple[Annotated[str, AfterValidator(_address)], ...], Field(max_length=20)] = ()
    """Addresses."""
    slack: Annotated[str, Field(pattern=SLACK_PLACE)] | None = None
    """A channel's id, or its `#name`."""

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if bool(self.email) == (self.slack is not None):
            raise ValueError('give either email: [a@b.example] or slack: "#channel"')
        return self


class ScheduleSettings(Model):
    """One schedule: when, what, and who is told."""

    cron: Annotated[str, AfterValidator(_cron)] | None = None
    """Five fields, or `@daily` and the like."""
    every: Annotated[Seconds, Field(ge=EVERY_LEAST, le=YEAR)] | None = None
    """So often, in place of `cron`."""
    timezone: ZoneName | None = None
    """null is the repository's."""
    prompt: Annotated[str, Field(min_length=1, max_length=PROMPT_MOST)] | None = None
    """What the agent is told."""
    trigger: TriggerCommand | None = None
    """A command whose output is what the agent is told, in place of `prompt`; no output, no task."""
    deliver: DeliverTo
    """Who gets the answer, and may reply to it."""
    overlap: Overlap = Overlap.SKIP
    """What becomes of a firing while the one before it still runs."""
    catch_up: Annotated[Seconds, Field(ge=CATCH_UP_LEAST, le=YEAR)] = 3600.0
    """Firings that were missed are made up for when they are no older than this."""
    jitter: Annotated[Seconds, Field(ge=0, le=86400)] = 0.0
    """Up to this much later, to spread schedules of one time."""
    model: str | None = None
    """In place of the repository's."""
    effort: Effort | None = None
    """In place of the repository's."""
    subject: str = ""
    """Of the answer's mail; empty is made from the schedule's name."""
    thread: Literal["new", "same"] = "new"
    """Whether each firing begins a conversation, or all go on with one."""
    enabled: bool = True
    """Whether it fires."""

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.cron is None) == (self.every is None):
            raise ValueError("give either cron or every")
        if (self.prompt is None) == (self.trigger is None):
            raise ValueError("give either prompt or trigger")
        if self.prompt is not None and not self.prompt.strip():
            raise ValueError("prompt is empty")
        if self.deliver.slack is not None and self.thread == "same":
            raise ValueError("thread: same is for deliver.email; in Slack each firing has a thread of its own")
        return self
