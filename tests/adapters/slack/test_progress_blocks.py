"""A task's message as Block Kit takes it."""

from datetime import timedelta

import pytest

from airut.adapters.slack.posts import block_id
from airut.adapters.slack.progress_blocks import plan_lines, progress_message
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.progress import Look, RunProgress, ShowOrder
from airut.models.tasks.shown import ShownState
from airut.models.threads.message import ChannelKind
from tests.support.messages import NOON
from tests.support.slack import blocks as rules

Lines = list[str]


def order(state: ShownState, **more: object) -> ShowOrder:
    look = {name: more.pop(name) for name in ("detail", "until") if name in more}
    values: dict[str, object] = {
        "thread": "web/slack/t", "repo": "web", "channel": ChannelKind.SLACK, "task": 1, "number": 1,
        "look": Look.model_validate({"state": state, **look}), "begun": NOON, "at": NOON,
    }  # fmt: skip
    return ShowOrder.model_validate(values | more)


def shown(
    order: ShowOrder, run: RunProgress | None = None, minutes: float = 0, terms: str = "", page: str = ""
) -> tuple[Lines, Lines]:
    """Texts and buttons. Every message has to be one that Slack takes."""
    made = progress_message(order, run or RunProgress(), NOON + timedelta(minutes=minutes), terms, page)
    assert rules.faults(made.blocks, made.text) == []
    assert made.blocks[-1]["block_id"] == block_id(order.key)
    texts: Lines = []
    buttons: Lines = []
    for block in made.blocks:
        if block["type"] == "section":
            texts.append(block["text"]["text"])
        elif block["type"] == "context":
            texts += [element["text"] for element in block["elements"]]
        else:
            buttons += [element["action_id"] for element in block["elements"]]
    return texts, buttons


PLAN = (
    PlanItem(text="Look & see", state="completed"),
    PlanItem(text="Write <it>", state="in_progress"),
    PlanItem(text="Test it"),
)
UNTIL = NOON + timedelta(hours=2)
WHEN = f"<!date^{int(UNTIL.timestamp())}^{{date_short_pretty}} {{time}}|2026-03-29 14:00 UTC>"
PAUSE, RESUME, STOP = "airut.pause", "airut.resume", "airut.stop"


@pytest.mark.parametrize(
    ("order", "run", "texts", "buttons"),
    [
        (order(ShownState.PREPARING), None, ["⏳ *Preparing* · 5 min"], [PAUSE, STOP]),
        (
            order(ShownState.RUNNING, spent_usd=0.5, granted_usd=2.0),
            RunProgress(plan=PLAN, step="Bash: make <test>", cost_usd=1.5),
            [
                "⚙️ *Working* · 5 min · $2.00",
                "✅ Look &amp; see\n🔄 Write &lt;it&gt;\n⚪ Test it",
                "Bash: make &lt;test&gt;",
                "⚠️ 80 % of the budget are used up",
            ],
            [PAUSE, STOP],
        ),
        (order(ShownState.RUNNING), RunProgress(begun=False), ["⏳ *Waiting for a place on its host* · 5 min"], [PAUSE, STOP]),
        (
            order(ShownState.WAITING, detail="usage limit <1>", until=UNTIL),
            None,
            [f"⏳ *Waiting* until {WHEN} · 5 min\nusage limit &lt;1&gt;"],
            [STOP],
        ),
        (order(ShownState.PAUSED, detail="by ann"), RunProgress(plan=PLAN), ["⏸️ *Paused* · 5 min\nby ann"], [RESUME, STOP]),
        (order(ShownState.QUESTION, detail="Tabs?", until=UNTIL), None, ["❓ *Waiting for an answer* · 5 min\nTabs?"], [STOP]),
        (order(ShownState.PUBLISHING), None, ["📤 *Publishing* · 5 min"], []),
    ],
)  # fmt: skip
def test_states(order: ShowOrder, run: RunProgress | None, texts: Lines, buttons: Lines) -> None:
    assert shown(order, run, minutes=5.9) == (texts, buttons)


@pytest.mark.parametrize(
    ("outcome", "detail", "line"),
    [
        (TaskOutcome.SUCCESS, "", "✅ *Done* · 3 min 10 s · $0.42"),
        (TaskOutcome.NO_CHANGES, "", "✅ *Done*, no changes · 3 min 10 s · $0.42"),
        (TaskOutcome.STOPPED, "by ann", "⏹️ *Stopped* by ann · 3 min 10 s · $0.42"),
        (TaskOutcome.FAILED, "words", "❌ *Failed* · 3 min 10 s · $0.42"),
        (TaskOutcome.BUDGET_EXCEEDED, "", "❌ *Failed*: budget exceeded · 3 min 10 s · $0.42"),
    ],
)
def test_at_the_end_it_is_one_line(outcome: TaskOutcome, detail: str, line: str) -> None:
    at = NOON + timedelta(seconds=190)
    closed = order(ShownState.CLOSED, outcome=outcome, detail=detail, at=at, spent_usd=0.42, task=2)
    assert shown(closed, terms="opus") == ([line], [])


def test_the_first_message_tells_by_which_rules_the_task_runs() -> None:
    assert shown(order(ShownState.PREPARING), terms="opus · at most 2 h")[0] == ["⏳ *Preparing*", "opus · at most 2 h"]


@pytest.mark.parametrize(
    ("states", "first", "lines", "last"),
    [
        ("ccccccccccip" + "p" * 11, "_… 7 before_", 12, "_… 6 more_"),
        ("ip" + "p" * 20, "🔄 0", 11, "_… 12 more_"),
        ("c" * 14, "_… 4 before_", 11, "✅ 13"),
        ("pp", "⚪ 0", 2, "⚪ 1"),
    ],
)
def test_a_long_plan_is_a_window_around_what_is_in_hand(states: str, first: str, lines: int, last: str) -> None:
    names = {"c": "completed", "i": "in_progress", "p": "pending"}
    made = plan_lines(tuple(PlanItem(text=str(number), state=names[each]) for number, each in enumerate(states)))
    assert (made[0], len(made), made[-1]) == (first, lines, last)


def test_the_longest_plan_fits() -> None:
    plan = tuple(PlanItem(text="&" * 200, state="pending") for _ in range(50))
    run = RunProgress(plan=plan, step="<!channel> " * 100)
    texts, _ = shown(order(ShownState.RUNNING), run)
    assert "<!channel>" not in "".join(texts)


def test_the_dashboard_is_a_click_away_while_a_task_is_open() -> None:
    page = "https://airut.example.org/threads/web/slack/t/tasks/1"
    assert shown(order(ShownState.RUNNING), page=page)[0][-1] == f"<{page}|Watch it on the dashboard>"
    for state in (ShownState.QUEUED, ShownState.CLOSED):
        assert page not in str(shown(order(state, outcome="success"), page=page))
