"""A task's one message in its thread, as Block Kit has it (spec: slack §8). Pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airut.adapters.slack.buttons import elements
from airut.adapters.slack.posts import block_id
from airut.adapters.slack.text.inline import escaped
from airut.models.base import Model
from airut.models.slack.thread_button import Verb
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import RunProgress, ShowOrder
from airut.models.tasks.shown import ShownState
from airut.models.values.durations import spoken_duration

WINDOW, BEHIND = 10, 3
"""Lines of a plan, and how many of them are before the current one: people look at what comes."""
ITEM, ESCAPED = 100, 270
"""Characters of a plan's line, also where each of them has to be escaped: so many lines fit into a section (3,000)."""
DETAIL = 300
MARKS = {"completed": "✅", "in_progress": "🔄"}
HEADS = {
    ShownState.QUEUED: "⏳ *Waiting for the task before*",
    ShownState.PREPARING: "⏳ *Preparing*",
    ShownState.RUNNING: "⚙️ *Working*",
    ShownState.WAITING: "⏳ *Waiting*",
    ShownState.PAUSED: "⏸️ *Paused*",
    ShownState.QUESTION: "❓ *Waiting for an answer*",
    ShownState.PUBLISHING: "📤 *Publishing*",
}
FULL = "⏳ *Waiting for a place on its host*"
BUTTONS = {
    ShownState.PREPARING: (Verb.PAUSE, Verb.STOP),
    ShownState.RUNNING: (Verb.PAUSE, Verb.STOP),
    ShownState.WAITING: (Verb.STOP,),
    ShownState.PAUSED: (Verb.RESUME, Verb.STOP),
    ShownState.QUESTION: (Verb.STOP,),
}

Json = dict[str, Any]


class ProgressMessage(Model):
    """`text` is what a notification shows. Two that are alike look alike."""

    text: str
    blocks: list[Json]


def progress_message(
    order: ShowOrder, run: RunProgress, now: datetime, terms: str = "", page: str = ""
) -> ProgressMessage:
    """`terms` are the rules that the task runs by, for the first one of a thread; `page` is where the task is shown."""
    if order.look.state is ShownState.CLOSED:
        return _closed(order)
    head = _head(order, run, now)
    blocks = [_section(head)]
    if run.plan and order.look.state is ShownState.RUNNING:
        blocks.append(_section("\n".join(plan_lines(run.plan))))
    small = [escaped(run.step[:DETAIL])] if run.step and order.look.state is ShownState.RUNNING else []
    if order.nearly_spent(run):
        small.append("⚠️ 80 % of the budget are used up")
    if terms:
        small.append(escaped(terms))
    if page and order.look.state is not ShownState.QUEUED:
        small.append(f"<{page}|Watch it on the dashboard>")
    blocks += [{"type": "context", "elements": [{"type": "mrkdwn", "text": text}]} for text in small]
    return _message(order, blocks, BUTTONS.get(order.look.state, ()))


def plan_lines(plan: tuple[PlanItem, ...]) -> list[str]:
    """A window around what is in hand; the rest is counted."""
    current = next((i for i, item in enumerate(plan) if item.state == "in_progress"), None)
    if current is None:
        current = next((i for i, item in enumerate(plan) if item.state != "completed"), len(plan) - 1)
    start = max(0, min(current - BEHIND, len(plan) - WINDOW))
    lines = [f"{MARKS.get(item.state, '⚪')} {_item(item)}" for item in plan[start : start + WINDOW]]
    left = len(plan) - start - WINDOW
    return [*([f"_… {start} before_"] if start else []), *lines, *([f"_… {left} more_"] if left > 0 else [])]


def _item(item: PlanItem) -> str:
    text = escaped(item.text[:ITEM])
    return text if len(text) <= ESCAPED else escaped(item.text[: ITEM // 2])


def _head(order: ShowOrder, run: RunProgress, now: datetime) -> str:
    look = order.look
    head = HEADS[look.state] if run.begun or look.state is not ShownState.RUNNING else FULL
    if look.until is not None and look.state is ShownState.WAITING:
        head += f" until {_local(look.until)}"
    parts = [head]
    minutes = (now - order.begun) // timedelta(minutes=1)
    if minutes > 0:  # no seconds: each of them would be a change
        parts.append(spoken_duration(60 * minutes))
    if (cost := order.cost_usd(run)) >= 0.005:
        parts.append(f"${cost:.2f}")
    head = " · ".join(parts)
    return f"{head}\n{escaped(look.detail[:DETAIL])}" if look.detail else head


def _closed(order: ShowOrder) -> ProgressMessage:
    outcome = order.outcome or TaskOutcome.INTERNAL_ERROR
    words = str(outcome).replace("_", " ")
    match outcome:
        case TaskOutcome.SUCCESS:
            head = "✅ *Done*"
        case TaskOutcome.NO_CHANGES:
            head = "✅ *Done*, no changes"
        case TaskOutcome.STOPPED:
            head = f"⏹️ *Stopped* {escaped(order.look.detail[:DETAIL])}".rstrip()
        case _:
            head = f"❌ *Failed*: {words}" if outcome is not TaskOutcome.FAILED else "❌ *Failed*"
    parts = [head, spoken_duration((order.at - order.begun).total_seconds())]
    if order.spent_usd >= 0.005:
        parts.append(f"${order.spent_usd:.2f}")
    return _message(order, [_section(" · ".join(parts))], ())  # the answer has the button for a retry


def _message(order: ShowOrder, blocks: list[Json], verbs: tuple[Verb, ...]) -> ProgressMessage:
    if verbs:
        blocks.append({"type": "actions", "elements": elements(verbs, order.thread, order.task)})
    blocks[-1]["block_id"] = block_id(order.key)
    text = blocks[0]["text"]["text"].splitlines()[0].replace("*", "")
    return ProgressMessage(text=text, blocks=blocks)


def _section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _local(when: datetime) -> str:
    """In the reader's own time zone."""
    return f"<!date^{int(when.timestamp())}^{{date_short_pretty}} {{time}}|{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC>"
