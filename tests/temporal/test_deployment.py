"""Control workers of several builds on a real server, with host workers that know nothing of builds."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from temporalio.api.workflowservice.v1 import DescribeWorkerDeploymentRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.worker import Replayer, Worker, WorkerDeploymentConfig

from airut import contracts
from airut.temporal.delivery import deliver
from airut.temporal.deployment import NAME, become_current, build_id, source_digest
from tests.support.asking import agents_run, idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities
from tests.support.temporal_server import EmbeddedServer
from tests.temporal.carrier import Carrier, carry
from workflows.task import TaskWorkflow
from workflows.thread import ThreadWorkflow

WITHOUT = ("--dynamic-config-value", "system.enableDeploymentVersions=false")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with EmbeddedServer(tmp_path / "server") as server:
        yield await server.client()


@asynccontextmanager
async def hosts(client: Client) -> AsyncIterator[ScriptedActivities]:
    """The sandbox hosts' workers, unversioned as always."""
    activities = ScriptedActivities()
    host = (contracts.host_queue(activities.host), contracts.agent_queue(activities.host))
    async with AsyncExitStack() as stack:
        for queue in (contracts.PLACEMENT_QUEUE, *host):
            await stack.enter_async_context(Worker(client, task_queue=queue, activities=activities.all()))
        yield activities


def control(client: Client, activities: ScriptedActivities, deployment: WorkerDeploymentConfig | None) -> Worker:
    return Worker(
        client,
        task_queue=contracts.CONTROL_QUEUE,
        workflows=[ThreadWorkflow, TaskWorkflow],
        activities=activities.all(),
        deployment_config=deployment,
    )


async def builds(client: Client, workflow_id: str, run_id: str | None = None) -> Sequence[str]:
    """The builds that have run the workflow's tasks, in order, each once in a row."""
    found: list[str] = []
    async for event in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
        if event.HasField("workflow_task_completed_event_attributes"):
            build = event.workflow_task_completed_event_attributes.deployment_version.build_id
            if not found or found[-1] != build:
                found.append(build)
    return found


async def test_threads_and_the_running_task_move_on_to_the_new_build(client: Client) -> None:
    thread = f"web/mail/{uuid.uuid4().hex}"
    async with hosts(client) as activities:
        activities.gate.clear()
        async with control(client, activities, await become_current(client, "1.0-a")):
            await deliver(client, mail("first", thread))
            await agents_run(activities)
        await deliver(client, mail("sent while no control worker runs", thread))
        async with control(client, activities, await become_current(client, "1.1-b")):
            activities.gate.set()
            await idle_after(client, thread, 2)
        replayer = Replayer(workflows=[ThreadWorkflow, TaskWorkflow], data_converter=client.data_converter)
        for workflow_id in (thread, f"{thread}/task-1"):
            await replayer.replay_workflow(await client.get_workflow_handle(workflow_id).fetch_history())
    assert len(activities.agent_inputs) == 2
    assert len(activities.replies) == 2
    assert await builds(client, thread) == ["1.0-a", "1.1-b"]
    assert await builds(client, f"{thread}/task-1") == ["1.0-a", "1.1-b"]
    assert await builds(client, f"{thread}/task-2") == ["1.1-b"]


async def test_the_old_build_may_still_run_when_the_new_one_comes_and_may_come_back(client: Client) -> None:
    thread = f"web/mail/{uuid.uuid4().hex}"
    async with hosts(client) as activities, control(client, activities, await become_current(client, "1.0-a")):
        await deliver(client, mail("first", thread))
        await idle_after(client, thread, 1)
        async with control(client, activities, await become_current(client, "1.1-b")):
            await deliver(client, mail("second", thread))
            await idle_after(client, thread, 2)
        await become_current(client, "1.0-a")
        await deliver(client, mail("third", thread))
        await idle_after(client, thread, 3)
    assert await builds(client, thread) == ["1.0-a", "1.1-b", "1.0-a"]


async def test_a_run_that_continues_as_new_does_so_on_the_current_build(client: Client) -> None:
    def worker(deployment: WorkerDeploymentConfig | None) -> Worker:
        return Worker(client, task_queue="q", workflows=[Carrier], activities=[carry], deployment_config=deployment)

    handle = await client.start_workflow(Carrier.run, args=["", 2], id="carrier", task_queue="q")
    async with worker(await become_current(client, "1.0-a")):
        await handle.signal(Carrier.receive, "first ")
        async with asyncio.timeout(60):
            while await handle.query(Carrier.value) != "first ":
                await asyncio.sleep(0.05)
    async with worker(await become_current(client, "1.1-b")):
        await handle.signal(Carrier.receive, "second")
        assert await handle.result() == "first second"
    runs: list[WorkflowExecution] = []
    async with asyncio.timeout(60):
        while len(runs) < 3:  # visibility lags behind
            runs = [run async for run in client.list_workflows("WorkflowId = 'carrier'")]
    first_to_last = sorted(runs, key=lambda run: run.start_time)
    assert [await builds(client, "carrier", run.run_id) for run in first_to_last] == [
        ["1.0-a"],
        ["1.0-a", "1.1-b"],
        ["1.1-b"],
    ]


async def test_threads_from_before_there_were_builds_move_on(client: Client) -> None:
    thread = f"web/mail/{uuid.uuid4().hex}"
    async with hosts(client) as activities:
        async with control(client, activities, None):
            await deliver(client, mail("first", thread))
            await idle_after(client, thread, 1)
        async with control(client, activities, await become_current(client, "1.0-a")):
            await deliver(client, mail("second", thread))
            await idle_after(client, thread, 2)
    assert await builds(client, thread) == ["", "1.0-a"]


async def test_becoming_current_again_changes_nothing(client: Client) -> None:
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=NAME)
    seen = []
    for _ in range(3):
        await become_current(client, "1.0-a")
        info = (await client.workflow_service.describe_worker_deployment(request)).worker_deployment_info
        current = info.routing_config
        seen.append((current.current_deployment_version.build_id, current.current_version_changed_time.ToJsonString()))
    assert seen == [("1.0-a", seen[0][1])] * 3


async def test_a_server_without_deployments_gets_an_unversioned_worker_and_a_word_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    thread = f"web/mail/{uuid.uuid4().hex}"
    async with EmbeddedServer(tmp_path / "server", None, *WITHOUT) as server:
        client = await server.client()
        with caplog.at_level(logging.WARNING, "airut"):
            deployment = await become_current(client, "1.0-a")
        async with hosts(client) as activities, control(client, activities, deployment):
            await deliver(client, mail("first", thread))
            await idle_after(client, thread, 1)
    assert deployment is None
    assert [record.getMessage() for record in caplog.records if record.name == "airut"] == [
        "the control worker runs unversioned: Worker Deployment Versions are disabled on this namespace. "
        "(docs/operations/upgrades.md)"
    ]


def test_a_build_is_named_by_version_and_source(tmp_path: Path) -> None:
    assert build_id() == build_id()
    assert build_id().startswith("0.1.0-")
    digests = []
    for package, name, content in (
        ("workflows", "thread.py", "x = 1"),
        ("workflows", "thread.py", "x = 2"),
        ("airut", "models/y.py", ""),
        ("workflows", "README.md", "nothing that runs"),
    ):
        (tmp_path / package / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / package / name).write_text(content)
        digests.append(source_digest(tmp_path))
    assert len(set(digests)) == 3
    assert digests[2] == digests[3]
