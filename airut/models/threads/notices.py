"""What a thread tells people besides its answers: refusals, what a command did, what is waited for."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from airut.models.questions.question import Question
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.task import TaskStep
from airut.models.threads.command import CommandName
from airut.models.threads.message import InboundMessage
from airut.models.threads.steering import TaskStatus

COMMANDS = """\
These words, alone in a message, steer the conversation:

- `pause`: the work is held where it is, for as long as you like; `resume` goes on with it.
- `stop`: the task in hand ends; what was done stays, and so does the conversation.
- `retry`: the last task is done again, when it has failed or was stopped.
- `status`: what is going on.
- `close`: everything ends and is cleared away; a later message begins again from what was kept.
- `help`: this list.
"""

NOTHING_SAID = "What shall I do? Mention me with a task, or in the thread that it is about."

TIMED = "%Y-%m-%d %H:%M UTC"


class Acceptance(StrEnum):
    """What became of a message that reached its thread."""

    QUEUED = "queued"
    KNOWN = "known"
    QUEUE_FULL = "queue_full"
    NOT_PARTICIPANT = "not_participant"


def refusal(reason: Acceptance) -> str:
    """Why a message was not taken, and what to do."""
    if reason is Acceptance.QUEUE_FULL:
        return (
            "Your message was **not** taken: too many wait in this conversation already. "
            "Write it again when the next answer has come."
        )
    return (
        "Your message was **not** taken, since you have no part in this conversation. "
        "Ask somebody who has to copy you in, or start a new one."
    )


def queued_while_paused(since: datetime, author: str) -> str:
    return f"This conversation is paused, since {since:{TIMED}} by {author}. Your message will run after `resume`."


def host_is_waited_for(since: datetime, host: str | None) -> str:
    whose = "a sandbox host" if host is None else f"the sandbox host {host}, which has its workspace"
    return (
        f"**Your task waits for {whose}**, since {since:{TIMED}}. The operator has to look at it; the work goes on by "
        "itself once it is there. Nothing of it is lost; `stop` ends the wait."
    )


def wait_is_over(since: datetime) -> str:
    return f"Your task, which had to wait since {since:{TIMED}}, goes on."


def waits_in_queue(place: int, task: int, status: TaskStatus | None) -> str:
    """Why a message is not taken up yet; `status` is what the open task told last."""
    number = "the next" if place == 1 else f"number {place}"
    return (
        f"Your message has arrived. It is {number} in the queue of this conversation, behind task {task}, "
        f"{_delay(status)}. It is taken up by itself; `stop`, alone in a reply, ends that task."
    )


def _delay(status: TaskStatus | None) -> str:
    match status.step if status else None:
        case TaskStep.AWAITING_ANSWER:
            return "which waits for an answer to its question"
        case TaskStep.AWAITING_PROVIDER | TaskStep.AWAITING_OPERATOR if status and status.until:
            return f"which waits for the model's provider, until {status.until:{TIMED}} for now"
        case TaskStep.PAUSED:
            return "which is paused"
        case _:
            return "which is still worked on"


def help_text(unknown: str | None) -> str:
    if unknown is None:
        return COMMANDS
    if not unknown:
        return f"Your message was empty.\n\n{COMMANDS}"
    return f"`{unknown}` is not a command, and was not run.\n\n{COMMANDS}"


def still_waiting(outcome: TaskOutcome, detail: str, until: datetime) -> str:
    """A wait for the provider that is long enough to be told of."""
    when = f"{until:{TIMED}}"
    match outcome:
        case TaskOutcome.USAGE_LIMITED:
            head = f"**The model's usage limit is reached until {when}.** The work goes on by itself then."
        case TaskOutcome.PROVIDER_AUTH:
            head = (
                f"**The model API refused our credential.** The operator has to look at it; the next try is at {when}."
            )
        case _:
            head = f"**The model API is failing.** It is tried again by itself, next at {when}."
    return f"{head} Nothing of your work is lost; `stop` ends the wait." + (f"\n\n> {detail}" if detail else "")


def reminder(question: Question, asked: datetime) -> str:
    first = question.items[0].text if question.items else "the agent's question"
    return f"The question of {asked:{TIMED}} still waits for your answer:\n\n> {first}\n\nReply to it to go on."


def ending_soon(days: int, reason: str) -> str:
    """Before a thread ends of itself."""
    unit = "day" if days == 1 else "days"
    return (
        f"This conversation ends in {days} {unit}, since {reason}. Its workspace is cleared away then; commits that "
        "were not published and the session are kept for some months. Reply to keep it as it is."
    )


def waiting(count: int) -> str:
    return {0: "No message waits.", 1: "1 message waits."}.get(count, f"{count} messages wait.")


def dropped(lines: Sequence[str]) -> str:
    """What a close has thrown away."""
    if not lines:
        return ""
    return "\n\nThese messages were waiting, and were dropped:\n\n" + "\n".join(f"- {line}" for line in lines)


def not_kept(losses: Sequence[str]) -> str:
    """With the first reply of a conversation that begins again from its archive."""
    return "This conversation had ended. Not kept: " + "; ".join(losses) if losses else ""


def first_line(message: InboundMessage) -> str:
    lines = (message.text.inline or message.subject).strip().splitlines()
    return lines[0][:120] if lines else ""


def task_over(number: int, ended: datetime | None) -> str:
    """To whoever means a task that is not open any more; `ended` is None where that is not known any more."""
    return f"Task {number} ended at {ended:{TIMED}}." if ended else f"Task {number} is over."


def nothing_to(name: CommandName, state: str) -> str:
    """A command that finds its state reached already."""
    return f"There is nothing to {name}: {state}"
