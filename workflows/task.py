"""One prompt, one agent run, one reply (spec: lifecycle §3, §8)."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.blob import BlobRef
    from airut.models.message import Attachment
    from airut.models.outcome import TaskOutcome, Usage
    from airut.models.reply import ReplyKind
    from airut.models.task import (
        AgentInput,
        AgentResult,
        CleanUpInput,
        ImageInput,
        PublishInput,
        PublishResult,
        ReplyInput,
        ReplyRecord,
        TaskInput,
        TaskResult,
        TaskStatus,
        TaskStep,
        WorkspaceInput,
        WorkspaceResult,
    )
    from workflows import options
    from workflows.completion import seen_through
    from workflows.outcomes import HEADLINE_MOST, OUTCOMES, cut, reason

SANDBOXES_MOST = 5
"""A sandbox that is lost this often is lost for a reason (out of memory, a broken host): say so instead."""

RESUME_NOTE = (
    "[The sandbox was lost and has been made anew. The workspace is as it was left. "
    "If you had begun with what follows, look at the workspace first and go on where you stopped; else begin now.]"
)


class _Ended(Exception):
    """The task cannot go on; the reply says why. Never leaves this module."""

    def __init__(self, outcome: TaskOutcome, detail: str = "") -> None:
        super().__init__(detail)
        self.outcome, self.detail = outcome, detail


@workflow.defn
class TaskWorkflow:
    """Steps: acknowledge ∥ workspace → image → agent → publish → reply; the sandbox is removed whatever happens."""

    @workflow.init
    def __init__(self, task: TaskInput) -> None:
        self._task = task
        self._host = task.host
        self._attempt = 1
        self._result = TaskResult(outcome=TaskOutcome.INTERNAL_ERROR, branch=task.branch)
        self._agent: AgentResult | None = None
        self._notes: list[str] = [note for message in task.messages for note in message.notes]
        self._status = TaskStatus(step=TaskStep.ACCEPTED, since=workflow.now())

    @workflow.query(name=contracts.STATUS)
    def status(self) -> TaskStatus:
        return self._status

    @workflow.run
    async def run(self, task: TaskInput) -> TaskResult:  # noqa: ARG002  # @workflow.init has it
        acknowledgement = asyncio.create_task(self._acknowledge())
        try:
            await self._work()
            await self._answer()
        finally:
            acknowledgement.cancel()
            await seen_through(self._clean_up())
        self._enter(TaskStep.CLOSED, str(self._result.outcome))
        if not self._result.outcome.did_its_job:
            # Failed in Temporal, so that it shows in the UI; the thread reads the result from the details.
            raise ApplicationError(self._headline(), self._result, type=str(self._result.outcome))
        return self._result

    async def _work(self) -> None:
        """Everything between the message and its answer. However it ends, there is an outcome.

        A step that ends by itself just when it is cancelled swallows the cancel: the stop is looked for between steps.
        """
        try:
            workspace = await self._prepare()
            if _stop_was_asked():
                raise _Ended(TaskOutcome.STOPPED, "stopped in Temporal")
            agent = await self._run_agent(workspace)
            await self._publish(workspace, agent)
        except _Ended as ended:
            self._end(ended.outcome, ended.detail)
        except asyncio.CancelledError:
            self._end(TaskOutcome.STOPPED, "stopped in Temporal")
        except ActivityError as error:
            if is_cancelled_exception(error) or _stop_was_asked():
                self._end(TaskOutcome.STOPPED, "stopped in Temporal")
            else:
                self._end(*reason(error))

    async def _acknowledge(self) -> None:
        """Never delays a task, never fails it."""
        order = ReplyInput(task=self._task, at=workflow.now(), kind=ReplyKind.ACKNOWLEDGEMENT)
        try:
            await workflow.execute_activity(
                contracts.acknowledge,
                order,
                **self._options(options.ACKNOWLEDGE, contracts.CONTROL_QUEUE, "acknowledge"),
            )
        except ActivityError as error:
            workflow.logger.info("not acknowledged: %s", type(error.cause).__name__)

    async def _prepare(self) -> tuple[WorkspaceResult, str]:
        self._enter(TaskStep.PREPARING, "placement")
        if self._host is None:
            claim = await workflow.execute_activity(
                contracts.claim_host,
                **self._options(options.CLAIM, contracts.PLACEMENT_QUEUE, "find a sandbox host"),
            )
            self._host = claim.host
            await self._tell_thread(claim.host)
        self._result = self._result.model_copy(update={"host": self._host})
        self._enter(TaskStep.PREPARING, "workspace")
        attachments: list[Attachment] = [file for message in self._task.messages for file in message.attachments]
        workspace = await workflow.execute_activity(
            contracts.prepare_workspace,
            WorkspaceInput(thread=self._task.thread, repo=self._task.repo, attachments=tuple(attachments)),
            **self._options(options.WORKSPACE, contracts.host_queue(self._host), f"fetch {self._task.repo}"),
        )
        self._enter(TaskStep.PREPARING, "image")
        image = await workflow.execute_activity(
            contracts.build_image,
            ImageInput(repo=self._task.repo, policy_commit=workspace.policy.commit),
            **self._options(options.IMAGE, contracts.host_queue(self._host), "image of .airut/container"),
        )
        return workspace, image.tag

    async def _run_agent(self, prepared: tuple[WorkspaceResult, str]) -> AgentResult:
        """Run the agent; a sandbox that is lost is made anew and the session resumed, a few times."""
        workspace, image = prepared
        note: str | None = None
        while True:
            self._enter(TaskStep.AGENT, f"sandbox {self._attempt}")
            order = AgentInput(
                task=self._task,
                attempt=self._attempt,
                image=image,
                policy=workspace.policy,
                base=workspace.base,
                inbox=workspace.inbox,
                resume_note=note,
            )
            try:
                agent = await workflow.execute_activity(
                    contracts.run_agent,
                    order,
                    **self._agent_options(workspace.time_limit_s),
                )
            except ActivityError as error:
                outcome, detail = reason(error)
                if outcome is not TaskOutcome.SANDBOX_LOST or is_cancelled_exception(error) or _stop_was_asked():
                    raise
                if self._attempt >= SANDBOXES_MOST:
                    raise _Ended(outcome, f"the sandbox was lost {SANDBOXES_MOST} times: {detail}") from error
                await workflow.sleep(timedelta(seconds=2**self._attempt), summary="before another sandbox")
                self._attempt += 1
                note = RESUME_NOTE
                continue
            self._agent = agent
            self._notes += agent.notes
            return agent

    async def _publish(self, prepared: tuple[WorkspaceResult, str], agent: AgentResult) -> None:
        outcome = OUTCOMES[agent.verdict.outcome]
        self._end(outcome, agent.verdict.detail)
        if outcome is not TaskOutcome.SUCCESS:
            return
        if agent.bundle is None:
            if agent.work_error:
                self._end(TaskOutcome.PUBLISH_FAILED, f"git in the sandbox: {agent.work_error}")
            else:
                self._end(TaskOutcome.NO_CHANGES)
            return
        self._enter(TaskStep.PUBLISHING)
        # A stop takes effect after this step: half a publication would be a branch without its pull request.
        published = await seen_through(self._push(prepared[0], agent, agent.bundle))
        if published.branch is None:
            self._end(TaskOutcome.NO_CHANGES)
            return
        self._notes += published.notes
        self._result = self._result.model_copy(
            update={
                "branch": published.branch,
                "published": published.commit,
                "pull_request": published.pull_request,
            }
        )

    async def _push(self, workspace: WorkspaceResult, agent: AgentResult, bundle: BlobRef) -> PublishResult:
        return await workflow.execute_activity(
            contracts.publish,
            PublishInput(task=self._task, policy=workspace.policy, bundle=bundle, text=agent.text),
            **self._options(options.PUBLISH, contracts.host_queue(self._host or ""), "push, pull request"),
        )

    async def _answer(self) -> None:
        self._enter(TaskStep.REPLYING)
        agent = self._agent
        order = ReplyInput(
            task=self._task,
            at=workflow.now(),
            kind=ReplyKind.ANSWER,
            outcome=self._result.outcome,
            detail=self._result.detail,
            text=agent.text if agent else None,
            usage=agent.verdict.usage if agent else Usage(),
            pull_request=self._result.pull_request,
            branch=self._result.branch,
            attachments=agent.outbox if agent else (),
            notes=(*self._notes, *_left_behind(agent), *self._refused(agent)),
        )
        record: ReplyRecord | None = None
        try:
            record = await seen_through(self._send(order))
        except ActivityError as error:
            self._end(TaskOutcome.REPLY_FAILED, reason(error)[1])
        usage = agent.verdict.usage if agent else Usage()
        self._result = self._result.model_copy(update={"reply": record, "usage": usage})

    def _refused(self, agent: AgentResult | None) -> tuple[str, ...]:
        """What the fence refused, where that may be why the task did not do its job."""
        if agent is None or not agent.blocked or self._result.outcome.did_its_job:
            return ()
        return (f"The sandbox was refused these requests: {', '.join(agent.blocked)}.",)

    async def _send(self, order: ReplyInput) -> ReplyRecord:
        return await workflow.execute_activity(
            contracts.reply,
            order,
            **self._options(options.REPLY, contracts.CONTROL_QUEUE, f"reply: {order.outcome}"),
        )

    async def _clean_up(self) -> None:
        if self._host is None:
            return
        delivered = self._result.reply is not None
        order = CleanUpInput(task=self._task, attempts=self._attempt, delivered=delivered)
        try:
            await self._remove(self._host, order)
        except ActivityError as error:  # the answer is out; what could not be removed must not unsay it
            workflow.logger.error("not cleaned up: %s", reason(error)[1])

    async def _remove(self, host: str, order: CleanUpInput) -> None:
        await workflow.execute_activity(
            contracts.clean_up,
            order,
            **self._options(options.CLEAN_UP, contracts.host_queue(host), "remove the sandbox"),
        )

    def _options(self, base: ActivityConfig, queue: str, summary: str) -> ActivityConfig:
        return options.at(base, queue, summary, self._task.repo)

    def _agent_options(self, time_limit_s: float) -> ActivityConfig:
        queue = contracts.agent_queue(self._host or "")
        config = self._options(options.AGENT, queue, f"Claude Code, sandbox {self._attempt}")
        config["activity_id"] = f"agent-{self._attempt}"  # predictable, so that operators can pause it by name
        # The activity holds the limit itself; this only ends one that no longer watches.
        config["start_to_close_timeout"] = timedelta(seconds=time_limit_s + 300)
        return config

    async def _tell_thread(self, host: str) -> None:
        """The thread must know where its workspace lies even if this task never comes to its end."""
        parent = workflow.info().parent
        if parent is not None:
            await workflow.get_external_workflow_handle(parent.workflow_id).signal(contracts.PLACED, host)

    def _headline(self) -> str:
        """What the Temporal UI shows of a failed task; the whole detail is in the result."""
        return f"{self._result.outcome}: {self._result.detail}"[:HEADLINE_MOST]

    def _end(self, outcome: TaskOutcome, detail: str = "") -> None:
        self._result = self._result.model_copy(update={"outcome": outcome, "detail": cut(detail)})

    def _enter(self, step: TaskStep, detail: str = "") -> None:
        self._status = TaskStatus(step=step, since=workflow.now(), detail=detail, attempt=self._attempt)
        lines = [f"**{step}** {detail}".rstrip(), f"host: `{self._host or 'not placed yet'}`"]
        if request := self._result.pull_request:
            lines.append(f"[pull request #{request.number}]({request.url})")
        workflow.set_current_details("\n\n".join(lines))


def _stop_was_asked() -> bool:
    return workflow.cancellation_reason() is not None


def _left_behind(agent: AgentResult | None) -> tuple[str, ...]:
    if agent is None or not agent.uncommitted:
        return ()
    return (f"{agent.uncommitted} changed file(s) are not committed; they stay in the workspace.",)
