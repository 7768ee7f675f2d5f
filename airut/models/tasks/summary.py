"""What a new session is told of an old one that cannot be gone on with (spec: lifecycle §11)."""

from collections.abc import Sequence

from airut.models.pull_requests.pull_request import PullRequestRef

GOAL_MOST = 4_000
REPLIES_MOST = 8_000
"""Characters: a summary that is as long as what it sums up would be too long again."""


def compose_summary(
    *, goal: str, replies: Sequence[str], branch: str | None, pull_request: PullRequestRef | None
) -> str:
    """Goal, the newest replies, and where the work stands; `replies` oldest first."""
    parts = [
        "[The earlier context of this conversation could not be loaded. This is what is known of it. "
        "Look at the workspace first: it is as it was left.]"
    ]
    if goal.strip():
        parts.append(f"The conversation began with:\n\n{_quoted(goal[:GOAL_MOST])}")
    if kept := _newest(replies):
        parts.append("Your last answers in it, oldest first:\n\n" + "\n\n".join(map(_quoted, kept)))
    if branch:
        parts.append(f"Your commits were pushed to the branch {branch}.")
    if pull_request:
        parts.append(f"They are in pull request #{pull_request.number}, {pull_request.url}.")
    parts.append("What follows is the newest message.")
    return "\n\n".join(parts)


def _newest(replies: Sequence[str]) -> list[str]:
    kept: list[str] = []
    room = REPLIES_MOST
    for reply in reversed(replies):
        if room <= 0:
            break
        kept.insert(0, reply if len(reply) <= room else reply[:room] + " …")
        room -= len(reply)
    return kept


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in text.strip().splitlines())
