"""How long a thread waits for what, as configured when its task began. Times in seconds; it goes into histories."""

from typing import Literal

from airut.models.base import Model
from airut.models.mail.notes import MailNotes

DAY = 86400.0


class ThreadSettings(Model):
    """What a thread and its tasks are governed by (spec: lifecycle §2, §5, §7, §10).

    The defaults are those of `airut.yaml`, for a thread whose repository nobody could ask about yet.
    """

    max_idle_s: float = 30 * DAY
    """Without a message for this long, an idle thread ends."""
    max_paused_s: float = 90 * DAY
    question_timeout_s: float = 14 * DAY
    reminders_s: tuple[float, ...] = (DAY, 7 * DAY)
    """After how long without an answer a question is asked again."""
    pause_grace_s: float = 30.0
    """For the tool call in hand, before a paused agent is interrupted."""
    stop_grace_s: float = 10.0
    """From the interrupt to the kill of a stopped agent."""
    freeze_s: float = 0.0
    """How long a paused agent may stand frozen in its sandbox, in all; 0 is not at all: it is interrupted. Unlike the
    others the default is not that of `airut.yaml`, for threads whose histories know of no freeze."""
    host_lost_after_s: float | None = 900.0
    """A sandbox host whose queue nobody serves for this long is gone; None is never."""
    agent_on_limit: Literal["wait", "next", "fail"] = "wait"
    """Whether a task waits for the end of a usage limit, goes on with the next account, or ends as `usage_limited`."""
    agent_accounts: int = 1
    """How many accounts at the model's provider there are."""
    mails: MailNotes | None = None
    """What a conversation by mail is told besides; None where nobody could be asked, or there is no such channel."""
    plan_approval: bool = False
    """Whether leaving plan mode is a question to the thread."""
    dashboard: str | None = None
    """Where people reach it, for links in the Temporal UI; None where nobody could be asked, or there is none."""
    config_digest: str = ""
    """Of the configuration that the task's host went by when it began."""
