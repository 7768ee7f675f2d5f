"""What a task's channel shows of it while it is open, where that has a place for it (spec: slack §7, §8).

Beside all else that the task does: a state that cannot be shown is none that anything waits for.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.tasks.progress import Look, ShowOrder, show_order
    from airut.models.tasks.shown import Shown, ShownState
    from workflows import options
    from workflows.flow import Flow


LAST_WORD = timedelta(seconds=5)
"""For what is being shown when the task ends: it takes a second, and a slow service holds up nobody's next task."""


class Showing:
    """Belongs to one open task. Its activities end before their workflow, where that takes no time to speak of: those
    that do not are failures in the log of a healthy worker, and may show an old state after the last one."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._begun = workflow.now()
        self._numbers = 0
        self._looked: Look | None = None
        self._shown = Shown()
        self._showing: workflow.ActivityHandle[Shown] | None = None
        self._following: workflow.ActivityHandle[Shown] | None = None
        self._told_to_end = False
        """The follower was."""
        self._task: asyncio.Task[None] | None = None
        self._leaving = False

    def begin(self) -> None:
        """Beside all else; `leave` and `end` end it."""
        self._task = asyncio.create_task(self._run())

    def leave(self) -> None:
        """Nothing more is shown."""
        if self._task is None:
            return
        if self._is_busy and workflow.patched("shown-to-the-end"):
            self._leaving = True
            self._tell_to_end()
        else:
            self._task.cancel()

    async def end(self) -> None:
        """See through what is being shown."""
        if self._task is None or not self._leaving:
            return
        if self._is_busy:
            try:
                await workflow.wait_condition(
                    lambda: not self._is_busy, timeout=LAST_WORD, timeout_summary="what is being shown"
                )
            except TimeoutError:
                workflow.logger.info("what is being shown is not waited for")
        self._task.cancel()

    @property
    def _is_busy(self) -> bool:
        return any(each is not None and not each.done() for each in (self._showing, self._following))

    async def _run(self) -> None:
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
            self._showing = workflow.start_activity(stubs.show_progress, order, **config)
            self._now_stands(await self._showing, look)
        except ActivityError as error:
            workflow.logger.info("not shown: %s", type(error.cause).__name__)
        if look.state is ShownState.RUNNING and self._shown.follows and look == self._look and not self._leaving:
            config = options.at(options.FOLLOW, contracts.PROGRESS_QUEUE, "show the progress", self._flow.task.repo)
            self._following = workflow.start_activity(stubs.follow_progress, self._order(look), **config)

    async def _end_following(self) -> None:
        if (following := self._following) is None:
            return
        self._tell_to_end()
        await workflow.wait_condition(following.done)
        self._following, self._told_to_end = None, False
        if not following.cancelled() and following.exception() is None:
            self._now_stands(following.result(), None)

    def _tell_to_end(self) -> None:
        if self._following is not None and not self._told_to_end:
            self._following.cancel()
            self._told_to_end = True

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
