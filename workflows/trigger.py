"""The steps of a schedule's command: host, checkout, image, sandbox; and what is left is removed whatever happens."""

import asyncio
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.blob import Text
    from airut.models.schedules.firing import ScheduledTask, TriggerCleanUp, TriggerInput
    from airut.models.schedules.schedule import TriggerCommand
    from airut.models.schedules.trigger_prompt import compose_not_run_prompt
    from airut.models.tasks.outcome import TaskOutcome
    from airut.models.tasks.steps import ImageInput, WorkspaceInput
    from workflows import options
    from workflows.completion import seen_through
    from workflows.outcomes import cut, reason

SANDBOXES_MOST = 3
"""Fewer than of an agent, which looks at what it has done already: a command only starts over."""


class TriggerRun:
    """One run of a trigger for one firing."""

    def __init__(self, task: ScheduledTask, nominal: datetime) -> None:
        self._task = task
        self._folder = task.folder(nominal)
        self._host: str | None = None
        self._attempt = 1

    async def prompt(self) -> Text | None:
        """What the agent shall do; None when the command had nothing to say. A command that cannot even be run is for
        the agent to look into as well: where that cannot run either, its answer tells why.

        Raises:
            ActivityError, asyncio.CancelledError: the firing was stopped.
        """
        trigger = self._task.settings.trigger
        if trigger is None:
            raise ValueError(f"{self._task.id} has no trigger")
        try:
            return await self._run(trigger)
        except ActivityError as error:
            outcome, detail = reason(error)
            if _is_stopped() or is_cancelled_exception(error) or outcome is TaskOutcome.STOPPED:
                raise
            return Text(inline=compose_not_run_prompt(self._task.name, trigger.command, cut(detail)))
        finally:
            await seen_through(self._clean_up())

    async def _run(self, trigger: TriggerCommand) -> Text | None:
        repo = self._task.repo
        claim = await workflow.execute_activity(
            stubs.claim_host, **self._options(options.CLAIM, contracts.PLACEMENT_QUEUE, "find a sandbox host")
        )
        self._host = claim.host
        queue = contracts.host_queue(claim.host)
        workspace = await workflow.execute_activity(
            stubs.prepare_workspace,
            WorkspaceInput(thread=self._folder, repo=repo),
            **self._options(options.WORKSPACE, queue, f"fetch {repo}"),
        )
        image = await workflow.execute_activity(
            stubs.build_image,
            ImageInput(repo=repo, policy_commit=workspace.policy.commit),
            **self._options(options.IMAGE, queue, "image of .airut/container"),
        )
        if _is_stopped():
            raise asyncio.CancelledError
        while True:
            order = TriggerInput(
                repo=repo,
                name=self._task.name,
                folder=self._folder,
                attempt=self._attempt,
                image=image.tag,
                policy=workspace.policy,
                command=trigger.command,
                timeout_s=trigger.timeout,
                output_limit=trigger.output_limit,
            )
            try:
                ended = await workflow.execute_activity(
                    stubs.run_trigger, order, **self._trigger_options(claim.host, trigger)
                )
            except ActivityError as error:
                lost = reason(error)[0] is TaskOutcome.SANDBOX_LOST and not is_cancelled_exception(error)
                if not lost or _is_stopped() or self._attempt >= SANDBOXES_MOST:
                    raise
                await workflow.sleep(timedelta(seconds=2**self._attempt), summary="before another sandbox")
                self._attempt += 1
                continue
            return ended.prompt

    async def _clean_up(self) -> None:
        if self._host is None:
            return
        order = TriggerCleanUp(folder=self._folder, attempts=self._attempt)
        config = self._options(options.CLEAN_UP, contracts.host_queue(self._host), "remove the sandbox")
        try:
            await workflow.execute_activity(stubs.clean_up_trigger, order, **config)
        except ActivityError as error:  # what could not be removed must not keep the prompt from its thread
            workflow.logger.error("not cleaned up: %s", reason(error)[1])

    def _trigger_options(self, host: str, trigger: TriggerCommand) -> ActivityConfig:
        config = self._options(options.TRIGGER, contracts.agent_queue(host), f"trigger, sandbox {self._attempt}")
        # The sandbox holds the limit itself; this only ends an activity that no longer watches.
        config["start_to_close_timeout"] = timedelta(seconds=trigger.timeout + 300)
        return config

    def _options(self, base: ActivityConfig, queue: str, summary: str) -> ActivityConfig:
        return options.at(base, queue, summary, self._task.repo)


def _is_stopped() -> bool:
    """Whether the firing was cancelled, whatever became of the step that it had in hand: one that was done all the
    same, or whose worker died just then, does not report a cancel."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
