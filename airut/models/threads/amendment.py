"""Messages that their authors changed or took back after they had sent them (spec: slack §6). Pure."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from airut.models.base import Model
from airut.models.threads.command import Submission, ThreadCommand

HELD = timedelta(minutes=10)
"""A change that comes before its message waits so long: a service that redelivers does so within minutes."""
HELD_MOST = 100
"""Changes that wait, and messages that were taken back: more would only make the thread larger."""

TOO_LATE = "Your message is already taken, so that the change has no effect; send a new message."


class Amendment(Model):
    """One change of one message. `at` is when it was made, in seconds, by its channel's clock."""

    key: str
    """Makes a change that is delivered twice count once."""
    target: str
    """The key of the message."""
    thread: str
    at: float
    becomes: Submission | None
    """How it stands now; None where it was taken back."""
    begins: bool = False
    """It speaks to us only since this change: where the message is not known, it is a new one."""


class HeldAmendment(Model):
    amendment: Amendment
    since: datetime


class Amendments(BaseModel):
    """What a thread has to know of changes: `held` came before their messages, `withdrawn` are keys of messages that
    were taken back while they waited."""

    model_config = ConfigDict(extra="forbid")

    held: list[HeldAmendment] = Field(default_factory=list)
    withdrawn: tuple[str, ...] = ()

    def hold(self, amendment: Amendment, now: datetime) -> None:
        self._forget(now)
        self.held = [*self.held[-(HELD_MOST - 1) :], HeldAmendment(amendment=amendment, since=now)]

    def take_held(self, target: str, now: datetime) -> Amendment | None:
        """The newest change of a message that has just come; none of it waits any more."""
        self._forget(now)
        found = [each.amendment for each in self.held if each.amendment.target == target]
        self.held = [each for each in self.held if each.amendment.target != target]
        return max(found, key=lambda amendment: amendment.at, default=None)

    def withdraw(self, target: str) -> None:
        self.withdrawn = (*self.withdrawn[-(HELD_MOST - 1) :], target)

    def _forget(self, now: datetime) -> None:
        self.held = [each for each in self.held if now - each.since < HELD]


def changed(amendment: Amendment) -> Submission | None:
    """How the message stands, with the moment of its change; a command has none, since it does not wait."""
    becomes = amendment.becomes
    if becomes is None or isinstance(becomes, ThreadCommand):
        return becomes
    return becomes.model_copy(update={"edited": amendment.at})
