"""What a replay says of code that has changed: which event differs first."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from airut.temporal.replay import Difference, Replays

LIMIT = timedelta(seconds=60)


@activity.defn
async def fetch(number: int) -> int:
    return number


@activity.defn
async def store(number: int) -> int:
    return number


@workflow.defn(name="Steps")
class Recorded:
    @workflow.run
    async def run(self) -> None:
        for number in range(4):
            await workflow.execute_activity(fetch, number, start_to_close_timeout=LIMIT)
        await workflow.execute_activity(store, 4, start_to_close_timeout=LIMIT)
        await workflow.sleep(0.01)


@workflow.defn(name="Steps")
class SleepsFirst:
    @workflow.run
    async def run(self) -> None:
        await workflow.sleep(1)


@workflow.defn(name="Steps")
class EndsEarly:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(fetch, 0, start_to_close_timeout=LIMIT)


@workflow.defn(name="Steps")
class WaitsForEver:
    @workflow.run
    async def run(self) -> None:
        await workflow.execute_activity(fetch, 0, start_to_close_timeout=LIMIT)
        await workflow.wait_condition(lambda: False)


@workflow.defn(name="Steps")
class StoresTooEarly:
    @workflow.run
    async def run(self) -> None:
        for number in range(3):
            await workflow.execute_activity(fetch, number, start_to_close_timeout=LIMIT)
        await workflow.execute_activity(store, 3, start_to_close_timeout=LIMIT)
        await workflow.execute_activity(store, 4, start_to_close_timeout=LIMIT)
        await workflow.sleep(0.01)


@workflow.defn(name="Steps")
class Broken:
    @workflow.run
    async def run(self) -> None:
        for number in range(2):
            await workflow.execute_activity(fetch, number, start_to_close_timeout=LIMIT)
        raise AttributeError("no such step")


@workflow.defn(name="Steps")
class WithAnotherSummary:
    """What people see may change: it is no part of what must be the same."""

    @workflow.run
    async def run(self) -> None:
        for number in range(4):
            await workflow.execute_activity(fetch, number, start_to_close_timeout=2 * LIMIT, summary=f"{number}")
        await workflow.execute_activity(store, 4, start_to_close_timeout=LIMIT)
        await workflow.sleep(5)


@workflow.defn(name="Other")
class Other:
    @workflow.run
    async def run(self) -> None:
        return


@pytest.fixture(scope="module")
async def history(temporal: WorkflowEnvironment) -> WorkflowHistory:
    queue = uuid.uuid4().hex
    async with Worker(temporal.client, task_queue=queue, workflows=[Recorded], activities=[fetch, store]):
        handle = await temporal.client.start_workflow(Recorded.run, id=f"steps-{queue}", task_queue=queue)
        await handle.result()
    return await handle.fetch_history()


@pytest.mark.parametrize("code", [Recorded, WithAnotherSummary])
async def test_code_that_does_the_same(history: WorkflowHistory, code: type) -> None:
    replayed = await Replays([code], DataConverter.default).one(history)
    assert (replayed.workflow, replayed.events, replayed.difference) == (
        history.workflow_id,
        len(history.events),
        None,
    )


@pytest.mark.parametrize(
    ("code", "event", "kind", "said"),
    [
        (SleepsFirst, 5, "ActivityTaskScheduled", "Timer machine does not handle this event"),
        (EndsEarly, 11, "ActivityTaskScheduled", "Complete workflow machine does not handle this event"),
        (WaitsForEver, 11, "ActivityTaskScheduled", "No command scheduled for event"),
        (
            StoresTooEarly,
            23,
            "ActivityTaskScheduled",
            "Activity type of scheduled event 'fetch' does not match activity type of activity command 'store'",
        ),
        (Broken, 17, "ActivityTaskScheduled", "no such step"),
        (Other, 5, "ActivityTaskScheduled", "Workflow class Steps is not registered on this worker"),
    ],
)
async def test_the_first_event_that_differs_is_named(
    history: WorkflowHistory, code: type, event: int, kind: str, said: str
) -> None:
    found = (await Replays([code], DataConverter.default).one(history)).difference
    assert found is not None
    assert (found.event, found.kind) == (event, kind)
    assert said in found.said
    assert str(found) == f"event {event} ({kind}): {found.said}"


async def test_one_that_differs_does_not_end_the_others(history: WorkflowHistory) -> None:
    async def several() -> AsyncIterator[WorkflowHistory]:
        yield history
        yield WorkflowHistory("cut", history.events[:9])
        yield history

    found = [replayed async for replayed in Replays([SleepsFirst], DataConverter.default).of(several())]
    assert [type(replayed.difference) for replayed in found] == [Difference] * 3
    assert found[1].workflow == "cut"
