"""Tasks as spans: what a task starts learns its place in the trace by a header, and its end is told once.

Safe to replay: ids follow from the task's input, headers are not compared, and nothing is told while replaying.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import temporalio.converter
from temporalio import workflow
from temporalio.exceptions import ApplicationError
from temporalio.worker import (
    ExecuteWorkflowInput,
    Interceptor,
    StartActivityInput,
    StartLocalActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

with workflow.unsafe.imports_passed_through():
    from datetime import datetime

    from airut import contracts
    from airut.models.tasks.task import TaskInput, TaskResult
    from airut.models.telemetry import metrics
    from airut.models.telemetry.spans import WORKFLOW, Span, SpanContext, joined_to, signal_of, workflow_of
    from airut.models.threads.message import ChannelKind
    from airut.ports.telemetry import Telemetry

ENDED = "airut_task_ended"
"""The one function that a workflow may call out of its sandbox."""


_MODEL = re.compile(r"claude-[a-z0-9.-]{1,40}")


class EndedTask(NamedTuple):
    """What there is to tell of it."""

    task: TaskInput
    result: TaskResult
    started: datetime
    ended: datetime


class Traced(Interceptor):
    """For workers with workflows."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002  # theirs
        input.unsafe_extern_functions[ENDED] = lambda task: tell(self._telemetry, task)
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    _header = ""

    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound, lambda: self._header))

    async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:  # noqa: A002  # theirs
        task = input.args[0] if input.args else None
        if not isinstance(task, TaskInput):
            return await self.next.execute_workflow(input)
        self._header = workflow_of(task).traceparent
        try:
            result = await self.next.execute_workflow(input)
        except ApplicationError as error:
            if error.details and isinstance(error.details[0], TaskResult):
                _told(task, error.details[0])
            raise
        if isinstance(result, TaskResult):
            _told(task, result)
        return result


class _Outbound(WorkflowOutboundInterceptor):
    def __init__(self, following: WorkflowOutboundInterceptor, header: Callable[[], str]) -> None:
        super().__init__(following)
        self._header = header

    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002  # theirs
        self._place(input)
        return self.next.start_activity(input)

    def start_local_activity(self, input: StartLocalActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002  # theirs
        self._place(input)
        return self.next.start_local_activity(input)

    def _place(self, input: StartActivityInput | StartLocalActivityInput) -> None:  # noqa: A002  # theirs
        if header := self._header():
            payload = temporalio.converter.PayloadConverter.default.to_payload(header)
            input.headers = {**input.headers, contracts.TRACEPARENT: payload}


def _told(task: TaskInput, result: TaskResult) -> None:
    if workflow.unsafe.is_replaying():
        return
    started, ended = workflow.info().workflow_start_time, workflow.now()
    tell_outside = workflow.extern_functions()[ENDED]
    with workflow.unsafe.sandbox_unrestricted():
        tell_outside(EndedTask(task, result, started, ended))


def tell(telemetry: Telemetry, ended: EndedTask) -> None:
    """A task's span, and its numbers."""
    task, result = ended.task, ended.result
    repo, usage = task.repo, result.usage
    did_its_job = result.outcome.did_its_job
    telemetry.span(
        Span(
            name=WORKFLOW,
            context=workflow_of(task),
            parent=_handed_over(task),
            started=ended.started,
            ended=ended.ended,
            attributes={
                "airut.repo": repo,
                "airut.thread": task.thread,
                "airut.task": task.id,
                "airut.channel": str(task.channel),
                "airut.outcome": str(result.outcome),
                "airut.cost_usd": usage.cost_usd,
            },
            links=joined_to(task),
            error="" if did_its_job else str(result.outcome),
        )
    )
    seconds = (ended.ended - ended.started).total_seconds()
    telemetry.record(metrics.TASK_DURATION, seconds, repo=repo, outcome=str(result.outcome))
    model = usage.model if usage.model and _MODEL.fullmatch(usage.model) else "other"  # an agent's output says it
    telemetry.record(metrics.TASK_COST, usage.cost_usd, repo=repo, model=model)
    for kind, count in (("input", usage.input_tokens), ("output", usage.output_tokens)):
        telemetry.record(metrics.AGENT_TOKENS, count, repo=repo, model=model, kind=kind)


def _handed_over(task: TaskInput) -> SpanContext | None:
    """What a schedule says, or somebody types on the machine itself, comes without an intake: its task is the root."""
    first = task.messages[0]
    return None if first.opens or first.channel is ChannelKind.CONSOLE else signal_of(first.key)
