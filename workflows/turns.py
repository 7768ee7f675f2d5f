"""What the next sandbox of a task is told, and how a session that cannot be gone on with is recovered. Pure."""

import uuid
from datetime import datetime
from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.base import Model
    from airut.models.blob import BlobRef
    from airut.models.questions.question import Answer, Question
    from airut.models.tasks.outcome import AgentOutcome
    from airut.models.threads.message import InboundMessage

LOST = (
    "[The sandbox was lost and has been made anew. The workspace is as it was left. "
    "If you had begun with what follows, look at the workspace first and go on where you stopped; else begin now.]"
)
MOVED = "[This conversation has moved to another machine. The workspace has been made anew from what was pushed last.]"
BROUGHT = {
    "unpublished.bundle": "[Commits of yours that were not pushed are in /inbox/unpublished.bundle: unless the "
    "workspace has them, fetch HEAD from it first.]",
    "uncommitted.bundle": "[Changes of yours that were not committed are in /inbox/uncommitted.bundle, as one commit: "
    "unless the workspace has them, fetch refs/airut/uncommitted from it, and apply it without committing.]",
}
"""What is told of a file that an earlier workspace has left in the inbox."""
MERGED = (
    "[Pull request #{} of this conversation was merged. The workspace has been made anew since, from the default "
    "branch; what you do from now on goes into a pull request of its own.]"
)
WAITED = "[The model API could not be used for a while. The workspace is as you left it; go on where you stopped.]"
GO_ON = "[Go on where you stopped.]"

Recovery = Literal["compact", "restore", "summary"]


class Turn(Model):
    """One sandbox's order, besides what the whole task shares (see `AgentInput`)."""

    note: str | None = None
    tell: bool = True
    question: Question | None = None
    answer: Answer | None = None
    answered_by: InboundMessage | None = None
    compact: bool = False
    restore: BlobRef | None = None
    summary: bool = False

    @property
    def answered(self) -> bool:
        return self.answer is not None or self.answered_by is not None


def paused_note(begun: datetime, ended: datetime) -> str:
    return f"[You were paused from {begun:%Y-%m-%d %H:%M} to {ended:%Y-%m-%d %H:%M} UTC; go on where you stopped.]"


def next_recovery(outcome: AgentOutcome, tried: set[Recovery], transcript: BlobRef | None) -> Recovery | None:
    """The next means against a session that is too long or broken; each is tried once a task (spec: lifecycle §11)."""
    means: list[Recovery] = []
    if outcome is AgentOutcome.CONTEXT_FULL:
        means = ["compact", "summary"]
    elif outcome is AgentOutcome.SESSION_INVALID:
        means = ["restore", "summary"] if transcript else ["summary"]
    return next((each for each in means if each not in tried), None)


def first_words(turn: Turn, brought: tuple[str, ...], merged: int | None = None) -> str | None:
    """What the agent is told before all else, if anything. `brought` are files in the inbox, `merged` is the number of
    a pull request."""
    note = turn.note if turn.note or turn.tell or turn.answered else GO_ON
    notes = [note] if note else []
    if merged is not None and turn.tell:
        notes.insert(0, MERGED.format(merged))
    return "\n\n".join([*notes, *(BROUGHT[name] for name in brought)]) or None


def recovering(turn: Turn, means: Recovery, transcript: BlobRef | None, *, taken: bool) -> Turn:
    """The order after one that the session could not be gone on with for. What that told or answered is told again,
    unless the session is the same and has `taken` it."""
    again = turn.model_copy(update={"compact": False, "restore": None, "summary": False, "note": None})
    match means:
        case "compact":
            return Turn(compact=True, tell=False) if taken else again.model_copy(update={"compact": True})
        case "restore":
            return again.model_copy(update={"restore": transcript, "note": GO_ON, "tell": True})
        case "summary":
            return again.model_copy(update={"summary": True, "tell": True})


def following_session(session_id: str) -> str:
    """The session that takes the place of this one: the same for whoever asks."""
    return str(uuid.uuid5(uuid.UUID(session_id), "following"))
