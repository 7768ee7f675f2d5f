"""Workers with the real workflows and scripted activities; what they recorded is replayed after every test."""

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from airut.contracts import SEARCH_ATTRIBUTES
from airut.temporal.embedded import DYNAMIC, server_binary
from airut.temporal.replay import Replays
from tests.support.scripted_activities import ScriptedActivities
from tests.support.serving import serving
from tests.workflows.scheduled import schedule  # noqa: F401  # fixture
from workflows.registered import WORKFLOWS


@pytest.fixture
async def activities(temporal: WorkflowEnvironment) -> AsyncIterator[ScriptedActivities]:
    """Scripted activities, served on all queues by workers that end with the test."""
    scripted = ScriptedActivities(host=f"h{uuid.uuid4().hex[:8]}")
    async with serving(temporal.client, scripted):
        yield scripted


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses a button waits longer than Slack would: a busy machine can take seconds to answer."""
    monkeypatch.setattr("airut.temporal.thread_control.LIMIT", timedelta(seconds=60))


@pytest.fixture(scope="session")
def replays(temporal: WorkflowEnvironment) -> Replays:
    return Replays(WORKFLOWS, temporal.client.data_converter)


@pytest.fixture
async def thread(temporal: WorkflowEnvironment, replays: Replays) -> AsyncIterator[str]:
    """A fresh thread id. What the thread and its tasks did in the test has to be what they do when it is replayed:
    what no test of an outcome sees (a clock, a set's order, a forgotten patch) is found here."""
    thread = f"web/mail/{uuid.uuid4().hex[:16]}"
    yield thread

    async def recorded() -> AsyncIterator[WorkflowHistory]:
        async for run in temporal.client.list_workflows(f"WorkflowId STARTS_WITH '{thread}'"):
            yield await temporal.client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()

    found = [replayed async for replayed in replays.of(recorded())]
    assert [f"{each.workflow}: {each.difference}" for each in found if each.difference is not None] == []


@pytest.fixture(scope="session")
async def skipping() -> AsyncIterator[WorkflowEnvironment]:
    """A real server that skips the time nobody works in."""
    dynamic = {**DYNAMIC, "frontend.WorkflowTimeSkippingEnabled": "true"}
    arguments = [part for key, value in dynamic.items() for part in ("--dynamic-config-value", f"{key}={value}")]
    environment = await WorkflowEnvironment.start_time_skipping_v2(
        data_converter=pydantic_data_converter,
        dev_server_existing_path=str(server_binary()),
        dev_server_extra_args=arguments,
        search_attributes=SEARCH_ATTRIBUTES,
    )
    async with environment:
        yield environment


@pytest.fixture
async def far(skipping: WorkflowEnvironment) -> AsyncIterator[ScriptedActivities]:
    """Scripted activities on that server."""
    scripted = ScriptedActivities(host=f"h{uuid.uuid4().hex[:8]}")
    async with serving(skipping.client, scripted):
        yield scripted
