"""What a task's channel shows of it while it is open, where that has a place for it (spec: slack §7, §8).

Beside all else that the task does: a state that cannot be shown is none that anything waits for.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.progress import Look, ShowOrder, show_order
    from airut.models.shown import Shown, ShownState
    from workflows import options
    from workflows.flow import Flow


class Showing:
    """Belongs to one open task."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._begun = workflow.now()
        self._numbers = 0
        self._looked: Look | None = None
        self._shown = Shown()
        self._following: workflow.ActivityHandle[Shown] | None = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await workflow.wait_condition(lambda: self._look != self._looked)
            self._looked = look = self._look
            await self._end_following()
            if look is not None and look == self._look:  # else the next one is there already
                await self._show(look)

    @property
    def _look(self) -> Look | None:
        return Look.at(self._flow.status)

    async def _show(self, look: Look) -> None:
        order = self._order(look)
        try:
            config = self._flow.at_control(options.SHOW, f"show: {look.state}")
            self._now_stands(await workflow.execute_activity(contracts.show_progress, order, **config), look)
        except ActivityError as error:
            workflow.logger.info("not shown: %s", type(error.cause).__name__)
        if look.state is ShownState.RUNNING and self._shown.follows and look == self._look:
            config = options.at(options.FOLLOW, contracts.PROGRESS_QUEUE, "show the progress", self._flow.task.repo)
            self._following = workflow.start_activity(contracts.follow_progress, self._order(look), **config)

    async def _end_following(self) -> None:
        following, self._following = self._following, None
        if following is None:
            return
        following.cancel()
        await workflow.wait_condition(following.done)
        if not following.cancelled() and following.exception() is None:
            self._now_stands(following.result(), None)

    def _now_stands(self, shown: Shown, look: Look | None) -> None:
        """`look` has been shown also where there is no message that would say so."""
        state = look.state if look else self._shown.state
        self._shown = shown.model_copy(update={"state": state})
        self._flow.update(shown=self._shown)

    def _order(self, look: Look) -> ShowOrder:
        flow, first = self._flow, self._shown.state is None
        self._numbers += 1
        waited = tuple(message.route for message in flow.task.messages if message.key in flow.task.waited)
        return show_order(flow.task, look, workflow.now()).model_copy(
            update={
                "number": self._numbers,
                "shown": self._shown,
                "waited": waited if first else (),
                "title": flow.task.subject if first and flow.task.number == 1 else "",
                "begun": self._begun,
                "spent_usd": flow.result.usage.cost_usd,
                "granted_usd": flow.granted_usd,
            }
        )
