"""From an agent's commits to the thread's branch and its pull request (spec: lifecycle §3, §8)."""

from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from airut.contracts import stubs
    from airut.models.blob import BlobRef
    from airut.models.pull_requests.follow_up import FollowOrder
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.steps import PublishInput, PublishResult, WorkspaceResult
    from airut.models.tasks.task import AgentResult, TaskStep
    from workflows import options
    from workflows.completion import seen_through
    from workflows.flow import Flow
    from workflows.outcomes import reason
    from workflows.placement import HostGone

CLOCKS_APART = timedelta(minutes=5)


class Publication:
    """Belongs to one open task, whose outcome it decides."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    async def of(self, agent: AgentResult, prepared: WorkspaceResult) -> None:
        """Publish what this agent left, if it left anything."""
        flow = self._flow
        if agent.bundle is None:
            if agent.work_error:
                flow.end(TaskOutcome.PUBLISH_FAILED, f"git in the sandbox: {agent.work_error}")
            else:
                flow.end(TaskOutcome.NO_CHANGES)
            return
        flow.enter(TaskStep.PUBLISHING)
        # A stop takes effect after this step: half a publication would be a branch without its pull request.
        try:
            published = await seen_through(self._push(prepared, agent, agent.bundle))
        except ActivityError as error:
            flow.end(*reason(error))
            return
        if published.commit is None:
            flow.end(TaskOutcome.NO_CHANGES)
            return
        flow.end(TaskOutcome.SUCCESS)
        flow.notes += published.notes
        flow.update(
            branch=published.branch,
            published=published.commit,
            pull_request=published.pull_request,
            stored=flow.result.stored.model_copy(update={"bundle": None}),
        )
        if published.follow is not None:
            await self._follow(published.follow)

    async def _follow(self, order: FollowOrder) -> None:
        """What was opened before the clock was looked at is known; some minutes, since the forge has its own clock."""
        order = order.model_copy(update={"since": workflow.now() - CLOCKS_APART})
        config = self._flow.at_control(options.START_THREAD, "follow the pull request")
        await workflow.execute_activity(stubs.follow_pull_request, order, **config)
        self._flow.update(followed=True)

    async def _push(self, prepared: WorkspaceResult, agent: AgentResult, bundle: BlobRef) -> PublishResult:
        flow = self._flow
        order = PublishInput(task=flow.task, policy=prepared.policy, bundle=bundle, text=agent.text)
        while True:
            try:
                return await flow.placement.run(stubs.publish, order, options.PUBLISH, "push, pull request")
            except HostGone:
                await flow.moved()  # the bundle is in the blob store: any host can publish it
