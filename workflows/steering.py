"""What people want of an open task while it runs: pause, resume, stop, an answer. The first word that counts wins."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.settings import ThreadSettings
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.steering import EndIntent, TaskOrder


class Steering:
    """Holds the thread's orders until the task acts on them. Its methods are safe in signal handlers."""

    def __init__(self) -> None:
        self.stopped_by: str | None = None
        self.paused_by: str | None = None
        self.paused_at: datetime | None = None
        self.may_freeze = True
        """False where somebody wants no agent left, whatever the configuration allows."""
        self._answers: list[TaskOrder] = []
        self._joined: list[TaskOrder] = []

    def take(self, order: TaskOrder, now: datetime) -> None:
        if order.name == "pause" and not order.freeze:
            self.may_freeze = False
        match order.name:
            case "stop":
                self.stopped_by = self.stopped_by or order.author
            case "pause" if self.paused_by is None:
                self.paused_by, self.paused_at = order.author, now
            case "resume":
                self.paused_by, self.may_freeze = None, True
            case "answer":
                self._answers.append(order)
            case "join":
                self._joined.append(order)
            case _:
                pass

    @property
    def stopped(self) -> bool:
        return self.stopped_by is not None

    @property
    def paused(self) -> bool:
        return self.paused_by is not None

    @property
    def interrupts(self) -> bool:
        """Whether a running agent has to end for it."""
        return self.stopped or self.paused

    def pause_is_over(self) -> None:
        """The agent goes on: what ends it from now on is something else."""
        if not self.paused:
            self.paused_at = None

    @property
    def answered(self) -> bool:
        return bool(self._answers)

    def take_answer(self) -> TaskOrder:
        """The first answer. Whoever asks has seen `answered`."""
        return self._answers.pop(0)

    @property
    def joined(self) -> bool:
        return bool(self._joined)

    def take_joined(self) -> tuple[InboundMessage, ...]:
        """Messages of the same burst as the task's own, for an agent that has not begun."""
        messages = tuple(order.message for order in self._joined if order.message is not None)
        self._joined.clear()
        return messages

    def intent(self, settings: ThreadSettings, freeze_left_s: float) -> EndIntent:
        """What an agent that is ended now is granted: a stop is meant, a pause freezes it or may let a tool finish. A
        pause that has been taken back meanwhile freezes it as well: it is thawed at once."""
        tool_grace = 0.0 if self.stopped else settings.pause_grace_s
        freeze = not self.stopped and self.may_freeze and freeze_left_s > 0
        return EndIntent(freeze=freeze, tool_grace_s=tool_grace, kill_after_s=settings.stop_grace_s)
