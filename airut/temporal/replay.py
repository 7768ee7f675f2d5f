"""Recorded histories through the code of today: whether a deploy would break what runs (TEMPORAL.md §3)."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig
from temporalio.worker import Replayer

from airut.models.base import Model

_SAID = re.compile(r'message: "((?:[^"\\]|\\.)*)"')
_EVENT = re.compile(r"HistoryEvent\(id: (\d+), (\w+)\)")
_TASK_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED


class Difference(Model):
    """Where the code of today does something else than what was recorded."""

    event: int
    kind: str
    """The event's type in Temporal's words, such as `ActivityTaskScheduled`."""
    said: str
    """What Temporal says of it, or the error of code that does not run at all."""

    def __str__(self) -> str:
        return f"event {self.event} ({self.kind}): {self.said}"


class Replayed(Model):
    """One recorded run, and whether the code still does what it did."""

    workflow: str
    run: str
    events: int
    difference: Difference | None = None


class Replays:
    """Replays histories of the given workflow classes. `converter` has to read what the recording worker wrote."""

    def __init__(self, workflows: Sequence[type], converter: DataConverter) -> None:
        # What differs is our answer; the SDK's core would log it too, several times over.
        quiet = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter="OFF")))
        # Without a build id the SDK hashes every loaded module, for each replay anew. Out of debug mode it takes two
        # seconds without an answer for a deadlock, which a busy machine can need for one step of a long history.
        self._replayer = Replayer(
            workflows=workflows, data_converter=converter, runtime=quiet, build_id="replay", debug_mode=True
        )

    async def of(self, histories: AsyncIterable[WorkflowHistory]) -> AsyncIterator[Replayed]:
        """Replay one after the other; a run that differs does not end it."""

        async def each() -> AsyncIterator[WorkflowHistory]:
            async for history in histories:
                yield history

        async with self._replayer.workflow_replay_iterator(each()) as results:
            async for result in results:
                found: Difference | None = None
                if result.replay_failure is not None:
                    found = await self._located(result.history, str(result.replay_failure))
                yield Replayed(
                    workflow=result.history.workflow_id,
                    run=result.history.run_id,
                    events=len(result.history.events),
                    difference=found,
                )

    async def one(self, history: WorkflowHistory) -> Replayed:
        async def alone() -> AsyncIterator[WorkflowHistory]:
            yield history

        (only,) = [replayed async for replayed in self.of(alone())]  # to the end, which closes the replaying worker
        return only

    async def _located(self, history: WorkflowHistory, failure: str) -> Difference:
        said = _SAID.search(failure)
        text = said[1].encode().decode("unicode_escape", "replace") if said else failure[:500]
        if named := _EVENT.search(text):
            return Difference(event=int(named[1]), kind=named[2], said=text)
        event = await self._first_that_fails(history)
        return Difference(event=event.event_id, kind=_kind(event), said=text)

    async def _first_that_fails(self, history: WorkflowHistory) -> HistoryEvent:
        """Where Temporal does not name the event: the first command of the earliest step up to which a replay fails,
        found by halving."""
        steps = [index for index, event in enumerate(history.events) if event.event_type == _TASK_COMPLETED]
        low, high = 0, len(steps) - 1
        while low < high:
            middle = (low + high) // 2
            if await self._fails(history, steps[middle + 1] - 2):
                high = middle
            else:
                low = middle + 1
        after = steps[low] + 1 if steps else 0
        return history.events[min(after, len(history.events) - 1)]

    async def _fails(self, history: WorkflowHistory, count: int) -> bool:
        """Whether the first `count` events cannot be replayed."""
        part = WorkflowHistory(history.workflow_id, history.events[:count])
        result = await self._replayer.replay_workflow(part, raise_on_replay_failure=False)
        return result.replay_failure is not None


def _kind(event: HistoryEvent) -> str:
    name = EventType.Name(event.event_type).removeprefix("EVENT_TYPE_")
    return "".join(word.capitalize() for word in name.split("_"))
