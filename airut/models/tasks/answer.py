"""The words of an answer: what came of a task, and what to do next (spec: lifecycle §8, §12)."""

from airut.models.questions.answer_parsing import question_markdown
from airut.models.questions.question import Question
from airut.models.tasks.outcome import TaskOutcome, Usage
from airut.models.tasks.steps import ReplyInput
from airut.models.tasks.task import TaskInput
from airut.models.tasks.terms import TaskTerms

AGAIN = "Reply to this message to try again or to go on from there."

WORDS: dict[TaskOutcome, str] = {
    TaskOutcome.SUCCESS: "",
    TaskOutcome.NO_CHANGES: "No changes were made to the repository.",
    TaskOutcome.FAILED: f"**The agent could not finish.** {AGAIN}",
    TaskOutcome.TIMED_OUT: f"**The task was ended: {{detail}}.** What was done stays in the workspace. {AGAIN}",
    TaskOutcome.STOPPED: "**The task was stopped {detail}.** What was done so far stays in the workspace, unpublished; "
    "reply to go on.",
    TaskOutcome.QUESTION_EXPIRED: "**This question was not answered in time:**\n\n> {detail}\n\nThe session is kept; "
    "answer it now, and the work goes on.",
    TaskOutcome.TURNS_EXCEEDED: "**The limit of turns was reached.** Reply to go on from there.",
    TaskOutcome.BUDGET_EXCEEDED: "**The budget is used up.** {detail} Work so far is kept.",
    TaskOutcome.USAGE_LIMITED: "**The model's usage limit is reached**, and it did not renew while this task waited. "
    "The session is kept: reply later to go on.",
    TaskOutcome.PROVIDER_UNAVAILABLE: "**The model API has been failing for a day.** The session is kept: reply to try "
    "again.",
    TaskOutcome.PROVIDER_AUTH: "**The model API refused our credential.** The operator has to look at it; nothing of "
    "your work is lost. Reply once it is repaired.",
    TaskOutcome.SANDBOX_LOST: f"**The sandbox was lost.** The workspace and the session are kept. {AGAIN}",
    TaskOutcome.HOST_LOST: f"**The host of this conversation's workspace is gone.** {AGAIN}",
    TaskOutcome.IMAGE_FAILED: "**The image of this repository's sandboxes could not be built.** Mend its Dockerfile on "
    "the default branch, then reply to try again.",
    TaskOutcome.WORKSPACE_FAILED: "**The repository could not be fetched.** The operator has to look at its address "
    "and token; reply to try again.",
    TaskOutcome.POLICY_INVALID: "**What `.airut/` on the default branch says is not valid**, so nothing was "
    "started. Mend it there, then reply to try again.",
    TaskOutcome.PUBLISH_FAILED: "**The commits could not be published.** They are kept; reply to try again.",
    TaskOutcome.REPLY_FAILED: "",
    TaskOutcome.SESSION_LOST: "**The session cannot be resumed**, not even with a summary of it. The workspace is "
    "kept: reply with a shorter message, or start a new conversation and name the branch to go on from.",
    TaskOutcome.DISK_FULL: f"**The disk quota of this conversation is used up.** {AGAIN}",
    TaskOutcome.AUDIT_UNAVAILABLE: "**New tasks are refused, since what they do cannot be recorded.** The operator "
    "has to mend the audit log; nothing of your work is lost. Reply to try again.",
    TaskOutcome.REPOSITORY_GONE: "**This repository is not configured here any more**, so nothing was begun. The "
    "conversation is kept for a while; once the operator has put the repository back, reply to go on.",
    TaskOutcome.INTERNAL_ERROR: "**Something went wrong on our side.** Nothing of your work is lost. Reply to try "
    "again; the operator finds the task under the id below.",
}
"""What the user reads for each outcome, besides the agent's own words."""

QUOTED = frozenset(
    {
        TaskOutcome.FAILED,
        TaskOutcome.SANDBOX_LOST,
        TaskOutcome.IMAGE_FAILED,
        TaskOutcome.WORKSPACE_FAILED,
        TaskOutcome.POLICY_INVALID,
        TaskOutcome.PUBLISH_FAILED,
        TaskOutcome.DISK_FULL,
        TaskOutcome.AUDIT_UNAVAILABLE,
    }
)
"""Outcomes whose detail is for the user to read and act on. An internal error's detail is for the operator."""

NOTHING_SAID = "The agent finished without a message."


def compose_acknowledgement(task: TaskInput, terms: TaskTerms | None) -> str:
    """The first line of contact: it has arrived, and what happens now."""
    several = f"{len(task.messages)} messages have" if len(task.messages) > 1 else "Your message has"
    return (
        f"{several} arrived, and work on it begins.\n\nThe answer comes in this conversation. "
        "You can reply at any time; what you send while the agent works is taken up when it is done. "
        "`stop`, `pause` or `status`, alone in a reply, steers it; `help` lists the others.\n"
        + (f"\n{terms.words()}\n" if terms else "")
        + "".join(f"\n- {note}\n" for note in dict.fromkeys(note for each in task.messages for note in each.notes))
    )


def compose_question(question: Question, text: str) -> str:
    """The agent's words so far, and what it wants to know."""
    return "\n\n".join(part for part in (text.strip(), question_markdown(question).strip()) if part) + "\n"


def compose_unsent(reason: str, text: str) -> str:
    """What an answer begins with when the one before it has not arrived."""
    quote = "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
    return f"**{reason}** It said:\n\n{quote}\n\n---\n\n"


def compose_answer(order: ReplyInput, text: str) -> str:
    """The Markdown of an answer: outcome, the agent's words, notes, pull request."""
    outcome = order.outcome or TaskOutcome.INTERNAL_ERROR
    parts: list[str] = []
    if words := WORDS[outcome].format(detail=order.detail):
        parts.append(words)
    if order.detail and outcome in QUOTED:
        parts.append(_quoted(order.detail))
    if text.strip():
        parts.append(text.strip())
    elif outcome in {TaskOutcome.SUCCESS, TaskOutcome.NO_CHANGES}:
        parts.append(NOTHING_SAID)
    if outcome is TaskOutcome.NO_CHANGES:
        parts.append(parts.pop(0))  # the agent's words come first, when nothing went wrong
    if (request := order.pull_request) and outcome is TaskOutcome.SUCCESS:
        verb = "Opened" if request.created else "Updated"
        parts.append(f"{verb} pull request [#{request.number}]({request.url}).")
    elif order.branch and outcome is TaskOutcome.SUCCESS:
        parts.append(f"Pushed to the branch `{order.branch}`.")
    if order.notes:
        parts.append("\n".join(f"- {note}" for note in order.notes))
    return "\n\n".join(parts) + "\n"


def compose_footer(order: ReplyInput) -> tuple[str, ...]:
    """Usage, and the id under which an operator finds the task."""
    lines = [usage] if (usage := _spoken(order.usage)) else []
    if order.outcome is TaskOutcome.INTERNAL_ERROR:
        lines.append(f"task {order.task.id}")
    return tuple(lines)


def _spoken(usage: Usage) -> str:
    """`$0.42 · 12 turns · 3 min 10 s · 2 web searches · opus`, zero parts left out."""
    minutes, seconds = divmod(round(usage.duration_s), 60)
    duration = f"{minutes} min {seconds} s" if minutes else f"{seconds} s" if seconds else ""
    parts = (
        f"${usage.cost_usd:.2f}" if usage.cost_usd >= 0.005 else "",
        _counted(usage.turns, "turn"),
        duration,
        _counted(usage.web_searches, "web search", "web searches"),
        usage.model or "",
    )
    return " · ".join(part for part in parts if part)


def _counted(number: int, one: str, several: str = "") -> str:
    return "" if not number else f"1 {one}" if number == 1 else f"{number} {several or one + 's'}"


def _quoted(detail: str) -> str:
    fence = "```"
    while fence in detail:
        fence += "`"
    return f"{fence}\n{detail.strip()}\n{fence}"
