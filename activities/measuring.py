"""Every worker's activities as spans and numbers, and what their log lines carry."""

import time
from datetime import UTC, datetime
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.measured_steps import AGENT, attributes, begun, ended, links
from airut import contracts
from airut.models.tasks.steps import AgentInput
from airut.models.telemetry.metrics import TASKS_RUNNING
from airut.models.telemetry.spans import Span, SpanContext, parse_traceparent, span_id
from airut.ports.telemetry import ACTIVE, Active, Telemetry


class Measured(Interceptor):
    def __init__(self, telemetry: Telemetry, host: str) -> None:
        self._telemetry = telemetry
        self._host = host

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # theirs
        return _Inbound(next, self._telemetry, self._host)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, telemetry: Telemetry, host: str) -> None:
        super().__init__(following)
        self._telemetry = telemetry
        self._host = host

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # theirs
        info, order = activity.info(), input.args[0] if input.args else None
        parent = _parent(input)
        active = _active(info, parent)
        began, clock = datetime.now(UTC), time.monotonic()
        for each in begun(info.activity_type, order, info.attempt, began):
            self._telemetry.record(each.metric, each.value, **each.labels)
        token = ACTIVE.set(active)
        result, error = None, ""
        running = info.activity_type == AGENT
        if running:
            self._telemetry.record(TASKS_RUNNING, 1, repo=active.repo, host=self._host)
        try:
            result = await self.next.execute_activity(input)
            return result
        except ApplicationError as failure:
            error = failure.type or "error"
            raise
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            ACTIVE.reset(token)
            if running:
                self._telemetry.record(TASKS_RUNNING, -1, repo=active.repo, host=self._host)
            for each in ended(info.activity_type, order, result, error, time.monotonic() - clock):
                self._telemetry.record(each.metric, each.value, **each.labels)
            if active.span is not None:
                self._telemetry.span(self._span(info, order, active, parent, began, error))

    def _span(
        self,
        info: activity.Info,
        order: object,
        active: Active,
        parent: SpanContext | None,
        began: datetime,
        error: str,
    ) -> Span:
        assert active.span is not None
        return Span(
            name=info.activity_type,
            context=active.span,
            parent=parent,
            started=began,
            ended=datetime.now(UTC),
            attributes={
                "airut.repo": active.repo,
                "airut.thread": active.thread,
                "airut.task": active.task,
                "airut.host": self._host,
                "temporal.attempt": info.attempt,
                "temporal.queue": info.task_queue,
                **attributes(order),
            },
            links=links(order) if isinstance(order, AgentInput) else (),
            error=error,
        )


def _parent(input: ExecuteActivityInput) -> SpanContext | None:  # noqa: A002  # theirs
    header = input.headers.get(contracts.TRACEPARENT)
    return None if header is None else parse_traceparent(activity.payload_converter().from_payload(header, str))


def _active(info: activity.Info, parent: SpanContext | None) -> Active:
    """Workflow ids begin with the repository; that of a task is its thread's and a number."""
    workflow = info.workflow_id or ""
    thread, _, task = workflow.rpartition("/")
    is_task = task.startswith("task-")
    mine = span_id(info.activity_type, f"{workflow}/{info.activity_id}/{info.attempt}")
    return Active(
        repo=workflow.partition("/")[0],
        thread=thread if is_task else workflow,
        task=workflow if is_task else "",
        span=SpanContext(trace_id=parent.trace_id, span_id=mine) if parent else None,
    )
