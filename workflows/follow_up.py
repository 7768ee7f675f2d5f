"""A pull request after it was opened: its thread hears of checks, reviews and its end (spec: operations §9)."""

import contextlib
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.pull_requests.follow_up import FollowInput, FollowOrder, Look, Sighting, learned
    from airut.models.pull_requests.news import PullRequestNews, fixes_after, news_of
    from airut.models.pull_requests.pull_request import PullRequestState
    from workflows import options
    from workflows.outcomes import reason


@workflow.defn(name=contracts.FOLLOW_UP_WORKFLOW)
class FollowUpWorkflow:
    """One a thread, while its pull request is open. Ends with it, and with its thread."""

    @workflow.init
    def __init__(self, follow: FollowInput) -> None:
        self._order = follow.order
        self._known = follow.known
        self._fixes = follow.fixes
        self._pushes = 0
        self._over = False

    @workflow.signal(name=contracts.PUSHED)
    def pushed(self, order: FollowOrder) -> None:
        """The thread has pushed: to this pull request, or to another one that takes its place."""
        if order.pull_request.number == self._order.pull_request.number:
            order = order.model_copy(update={"since": self._order.since})
        self._order = order
        self._pushes += 1  # also where nothing differs: the pauses between looks begin anew

    @workflow.signal(name=contracts.FOLLOWED_ENOUGH)
    def followed_enough(self) -> None:
        """The thread has ended."""
        self._over = True

    @workflow.run
    async def run(self, follow: FollowInput) -> None:  # noqa: ARG002  # @workflow.init has it
        while not self._over:
            self._show()
            order, pushes = self._order, self._pushes
            try:
                sighting = await self._look(pushes)
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                await self._give_up(order, reason(error)[1])
                return
            if sighting is None:
                continue
            await self._tell_all(order, sighting)
            if sighting.waits:
                await self._settle(order, pushes)
            if sighting.state is not PullRequestState.OPEN and self._order == order:
                return
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(FollowInput(order=self._order, known=self._known, fixes=self._fixes))

    async def _look(self, pushes: int) -> Sighting | None:
        """Until something is new; None when something came from the thread meanwhile."""
        order = self._order
        look = Look(repo=order.repo, number=order.pull_request.number, known=self._known, since=order.since)
        config = options.at(options.LOOK, contracts.CONTROL_QUEUE, "anything new?", order.repo)
        looking = workflow.start_activity(stubs.look_at_pull_request, look, **config)
        await workflow.wait_condition(lambda: looking.done() or self._over or self._pushes != pushes)
        if not looking.done():
            looking.cancel()
            with contextlib.suppress(ActivityError):
                await looking
            return None
        return await looking

    async def _settle(self, order: FollowOrder, pushes: int) -> None:
        settle = timedelta(seconds=order.settle_s)
        try:
            changed = lambda: self._over or self._pushes != pushes  # noqa: E731
            await workflow.wait_condition(changed, timeout=settle, timeout_summary="do more checks come?")
        except TimeoutError:
            pass

    async def _tell_all(self, order: FollowOrder, sighting: Sighting) -> None:
        for news in news_of(order.pull_request.number, sighting, order.on_failure, self._fixes):
            await self._tell(order, news)
        self._fixes = fixes_after(sighting, order.on_failure, self._fixes)
        self._known = learned(self._known, sighting)

    async def _give_up(self, order: FollowOrder, why: str) -> None:
        request = order.pull_request
        text = (
            f"Checks and reviews of the [pull request #{request.number}]({request.url}) are not followed any more, "
            f"until something is pushed again:\n\n> {why}"
        )
        key = f"pull-request/{request.number}/given-up/{workflow.now().isoformat()}"
        await self._tell(order, PullRequestNews(key=key, text=text))

    async def _tell(self, order: FollowOrder, news: PullRequestNews) -> None:
        try:
            await workflow.get_external_workflow_handle(order.thread).signal(contracts.NEWS, news)
        except FailureError as error:  # the thread is not there any more, so nobody is to be told
            workflow.logger.info("not told: %s", error)
            self._over = True

    def _show(self) -> None:
        request = self._order.pull_request
        fixes = f", {self._fixes} failures in a row were given to the agent" if self._fixes else ""
        workflow.set_current_details(f"[pull request #{request.number}]({request.url}){fixes}")
