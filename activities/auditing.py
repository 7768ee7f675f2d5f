"""Every worker's activities, recorded: what cannot be recorded is not begun."""

from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from activities.audited_steps import begun, done, failed
from activities.failures import reported
from airut.models.tasks.outcome import TaskOutcome
from airut.ports.audit import AuditTrail, note

REMEMBERED = 10_000
"""Tasks of which this process has recorded the start: a wait has their workspace prepared again."""


class Audited(Interceptor):
    def __init__(self, trail: AuditTrail) -> None:
        self._trail = trail
        self._started: dict[str, None] = {}

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002  # theirs
        return _Inbound(next, self._trail, self._started)


class _Inbound(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, trail: AuditTrail, started: dict[str, None]) -> None:
        super().__init__(following)
        self._trail = trail
        self._started = started

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002  # theirs
        info, order = activity.info(), input.args[0] if input.args else None
        await self._begin(info.activity_type, order, info.workflow_id or "")
        try:
            result = await self.next.execute_activity(input)
        except ApplicationError as error:
            if error.non_retryable and (event := failed(info.activity_type, order)) is not None:
                await note(self._trail, event)
            raise
        if (event := done(info.activity_type, order, result)) is not None:
            await note(self._trail, event)
        return result

    async def _begin(self, step: str, order: object, workflow: str) -> None:
        event = begun(step, order, workflow)
        if event is None or event.object in self._started:
            return
        with reported(TaskOutcome.AUDIT_UNAVAILABLE):
            await self._trail.record(event)
        self._started[event.object] = None
        if len(self._started) > REMEMBERED:
            del self._started[next(iter(self._started))]
