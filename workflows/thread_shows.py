"""What a thread has its channel show itself, beside all else that it does: which messages wait, and how a task has
ended (spec: slack §7, §8)."""

from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.progress import Look, ShowOrder, show_order, shows_tasks
    from airut.models.tasks.shown import Shown, ShownState
    from airut.models.tasks.task import TaskInput, TaskResult
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.state import ThreadState
    from airut.models.threads.thread import ThreadInput
    from workflows import options

LAST = 1_000_000_000
"""The number of a task's last order: larger than those of all before it."""


class ThreadShows:
    """Belongs to one ThreadWorkflow. A task's end is shown by its thread, since a task that was terminated cannot, and
    since no next task has to wait for it."""

    def __init__(self, thread: ThreadInput, state: ThreadState) -> None:
        self._thread = thread
        self._state = state
        self._shows = shows_tasks(thread.channel)

    def queued(self, message: InboundMessage, *, behind: bool) -> None:
        """It waits: `behind` a task, or for the end of a pause. Any other is taken up at once."""
        if not self._shows or not (behind or self._state.paused):
            return
        task = self._state.addressed(message, self._thread)
        self._state.to_show.append(show_order(task, Look(state=ShownState.QUEUED), workflow.now()))

    def closed(self, task: TaskInput, result: TaskResult, begun: datetime) -> None:
        if not self._shows:
            return
        state = self._state
        look = Look(state=ShownState.CLOSED, detail=result.detail)
        order = show_order(task, look, workflow.now()).model_copy(
            update={
                "number": LAST,
                "shown": result.shown or Shown(),
                "waited": tuple(message.route for message in task.messages if message.key in state.waiting_shown),
                "begun": begun,
                "spent_usd": result.usage.cost_usd,
                "outcome": result.outcome,
            }
        )
        answered = {message.key for message in task.messages}
        state.waiting_shown = [key for key in state.waiting_shown if key not in answered]
        state.to_show.append(order)

    async def run(self) -> None:
        """One at a time. What a run that ended here leaves is shown by the next one."""
        state = self._state
        while True:
            await workflow.wait_condition(lambda: bool(state.to_show))
            await self._show(state.to_show[0])
            state.to_show.pop(0)

    async def _show(self, order: ShowOrder) -> None:
        limits = options.SHOW_LAST
        if order.look.state is ShownState.QUEUED:
            waiting = [message.key for message in self._state.inbox.queue if message.route in order.routes]
            if not waiting:
                return
            self._state.waiting_shown += waiting
            limits = options.SHOW
        config = options.at(limits, contracts.CONTROL_QUEUE, f"show: {order.look.state}", order.repo)
        try:
            await workflow.execute_activity(stubs.show_progress, order, **config)
        except ActivityError as error:
            workflow.logger.info("not shown: %s", type(error.cause).__name__)
