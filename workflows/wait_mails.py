"""Mails about waits that nobody chose: for a sandbox host that is away, and that a long one is over (spec: email §9).

That the model's provider is waited for is told where that is decided, in `runs.py`.
"""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.base import Model
    from airut.models.tasks.task import TaskStep
    from airut.models.threads.notices import host_is_waited_for, wait_is_over
    from workflows.flow import Flow
    from workflows.holds import Holds
    from workflows.patience import TOLD

PROVIDER = frozenset({TaskStep.AWAITING_PROVIDER, TaskStep.AWAITING_OPERATOR})


class Times(Model):
    """For tests, which have no hours."""

    told: timedelta = TOLD
    long: timedelta = timedelta(hours=2)
    """Who waited for longer has turned to something else, and is told that it goes on."""
    settled: timedelta = timedelta(minutes=2)
    """An agent that runs for so long was not refused again."""


class WaitMails:
    """Belongs to one open task; both run until cancelled."""

    def __init__(self, flow: Flow, times: Times | None = None) -> None:
        self._flow = flow
        self._holds = Holds(flow)
        self._times = times or Times()

    async def provider(self) -> None:
        """That it goes on, once an agent works again."""
        flow = self._flow
        await workflow.wait_condition(lambda: flow.mails is not None)
        while True:
            await workflow.wait_condition(lambda: flow.status.step in PROVIDER)
            since = workflow.now()
            if await self._works_again():
                await self._tell_end(since)

    async def _works_again(self) -> bool:
        """False where it ended otherwise before anybody could tell."""
        flow = self._flow
        while True:
            await workflow.wait_condition(lambda: flow.status.step is TaskStep.AGENT)
            try:
                await workflow.wait_condition(
                    lambda: flow.status.step is not TaskStep.AGENT,
                    timeout=self._times.settled,
                    timeout_summary="whether it works again",
                )
            except TimeoutError:
                return True
            if flow.status.step not in PROVIDER:
                return False

    async def host(self) -> None:
        """That no host takes the task; and that one does."""
        place = self._flow.placement
        await workflow.wait_condition(lambda: self._flow.mails is not None)
        while True:
            await workflow.wait_condition(lambda: place.waiting_since is not None)
            since = place.waiting_since or workflow.now()
            left = max(since + self._times.told - workflow.now(), timedelta(seconds=0.1))
            try:
                await workflow.wait_condition(
                    lambda: place.waiting_since is None, timeout=left, timeout_summary="no host takes it"
                )
            except TimeoutError:
                await self._holds.inform(host_is_waited_for(since, place.host))
                await workflow.wait_condition(lambda: place.waiting_since is None)
                await self._tell_end(since)

    async def _tell_end(self, since: datetime) -> None:
        if workflow.now() - since >= self._times.long:
            await self._holds.inform(wait_is_over(since))
