"""What people see of a task while it is open: its state, and how far its agent is (spec: slack §7, §8; email §9)."""

from datetime import datetime

from pydantic import Field

from airut.models.base import Model
from airut.models.tasks.agent import PlanItem
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.shown import Shown, ShownState
from airut.models.tasks.task import TaskInput, TaskStep
from airut.models.threads.message import ChannelKind, Hints, Route
from airut.models.threads.steering import TaskStatus

NEARLY = 0.8
"""Of a budget: from there on it is noted."""


def shows_tasks(channel: ChannelKind) -> bool:
    """Whether a channel has a place that can change. A mail cannot, and a console has only the answer."""
    return channel is ChannelKind.SLACK


class RunProgress(Model):
    """What a running agent has told with its heartbeats; small, since each of them is recorded."""

    plan: tuple[PlanItem, ...] = ()
    step: str = ""
    cost_usd: float = 0.0
    """Of this run. An agent tells its costs at the end of a turn."""
    begun: bool = True
    """False while it waits for a place on its host."""


_STATES = {
    TaskStep.ACCEPTED: ShownState.PREPARING,
    TaskStep.PREPARING: ShownState.PREPARING,
    TaskStep.AGENT: ShownState.RUNNING,
    TaskStep.AWAITING_ANSWER: ShownState.QUESTION,
    TaskStep.AWAITING_PROVIDER: ShownState.WAITING,
    TaskStep.AWAITING_OPERATOR: ShownState.WAITING,
    TaskStep.PAUSED: ShownState.PAUSED,
    TaskStep.PUBLISHING: ShownState.PUBLISHING,
}


class Look(Model):
    """What of a task's status is shown: another one is another look."""

    state: ShownState
    detail: str = ""
    """Why it waits."""
    until: datetime | None = None

    @classmethod
    def at(cls, status: TaskStatus) -> "Look | None":
        """None for the moments at its end that are over before anybody could read of them."""
        state = _STATES.get(status.step)
        if state is None:
            return None
        if state is ShownState.PREPARING and status.until is not None:  # for money that other tasks hold
            state = ShownState.WAITING
        if state in {ShownState.PREPARING, ShownState.RUNNING, ShownState.PUBLISHING}:
            return cls(state=state)
        return cls(state=state, detail=status.detail, until=status.until)


class ShowOrder(Model):
    """A state to show. The numbers of a task's orders grow: what was overtaken by a later one is not shown any more."""

    thread: str
    repo: str
    channel: ChannelKind
    task: int
    number: int = Field(ge=0)
    look: Look
    shown: Shown = Shown()
    """What stands there by now."""
    routes: tuple[Route, ...] = ()
    """Of the messages that the task answers, oldest first."""
    waited: tuple[Route, ...] = ()
    """Of those that are marked as waiting."""
    title: str = ""
    """The thread's first line, with its first order."""
    hints: Hints = Hints()
    begun: datetime
    at: datetime
    spent_usd: float = 0.0
    """By the task's runs that have ended."""
    granted_usd: float | None = None
    """What the run in hand may cost."""
    outcome: TaskOutcome | None = None

    @property
    def key(self) -> str:
        """Tells a task's message from every other."""
        return f"{self.thread}/task-{self.task}/progress"

    @property
    def task_id(self) -> str:
        return f"{self.thread}/task-{self.task}"

    def cost_usd(self, run: RunProgress) -> float:
        return self.spent_usd + run.cost_usd

    def nearly_spent(self, run: RunProgress) -> bool:
        """Whether four fifths of what the task may cost are spent."""
        if self.granted_usd is None:
            return False
        return self.cost_usd(run) >= NEARLY * (self.spent_usd + self.granted_usd)


def show_order(task: TaskInput, look: Look, now: datetime) -> ShowOrder:
    """What is the same in all orders of a task."""
    return ShowOrder(
        thread=task.thread,
        repo=task.repo,
        channel=task.channel,
        task=task.number,
        number=0,
        look=look,
        routes=tuple(message.route for message in task.messages),
        hints=task.hints,
        begun=now,
        at=now,
    )
