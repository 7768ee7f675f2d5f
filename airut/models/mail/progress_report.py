"""How far a task is, as a mail (spec: email §9). Pure."""

from datetime import datetime, timedelta

from airut.models.base import Model
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.progress import NEARLY, RunProgress
from airut.models.tasks.steps import ReplyInput
from airut.models.values.durations import spoken_duration

LINES = 20
"""Of a plan: what does not fit on a screen is counted."""
STEP = 200


class ReportOrder(Model):
    """`reply` says to whom and under which number; what stands in it is read when it is sent."""

    reply: ReplyInput
    begun: datetime
    spent_usd: float = 0.0
    """By the task's runs that have ended."""
    granted_usd: float | None = None


def compose_report(order: ReportOrder, run: RunProgress) -> str:
    spent = spoken_duration((order.reply.at - order.begun) // timedelta(minutes=1) * 60)
    waits = f"Your task waits for a place on its host; it came {spent} ago."
    parts = [f"Your task goes on, since {spent}." if run.begun else waits]
    if run.plan:
        parts.append("\n".join(_lines(run.plan)))
    if run.step:
        parts.append(f"Last step: `{' '.join(run.step[:STEP].replace('`', chr(39)).split())}`")
    cost = order.spent_usd + run.cost_usd
    if cost >= 0.005:
        parts.append(f"Cost so far: ${cost:.2f}")
    if order.granted_usd is not None and cost >= NEARLY * (order.spent_usd + order.granted_usd):
        parts.append("**80 % of the budget are used up.**")
    parts.append("`stop` or `pause`, alone in a reply, ends or holds it.")
    return "\n\n".join(parts) + "\n"


def _lines(plan: tuple[PlanItem, ...]) -> list[str]:
    """What is done is ticked, what is in hand is bold. Of a long plan the beginning is left out first."""
    start = max(0, min(sum(item.state == "completed" for item in plan) - 3, len(plan) - LINES))
    shown = plan[start : start + LINES]
    lines = [f"- [{'x' if item.state == 'completed' else ' '}] {_text(item)}" for item in shown]
    left = len(plan) - start - len(shown)
    return [*([f"- … {start} before"] if start else []), *lines, *([f"- … {left} more"] if left else [])]


def _text(item: PlanItem) -> str:
    text = " ".join(item.text.split())
    return f"**{text}**" if item.state == "in_progress" else text
