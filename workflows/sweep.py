"""What is done regularly and for nobody in particular: a host is swept, records expire."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.hosts.sweep import SweepMemory, SweepOrder
    from airut.models.threads.archive import Expired, ExpireOrder

SWEEP = workflow.ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30),  # many folders, each of which may hold millions of files
    schedule_to_close_timeout=timedelta(hours=1),  # the host is away: the failure shows it
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3),
)
EXPIRE = workflow.ActivityConfig(
    task_queue=contracts.CONTROL_QUEUE,
    summary="expire archives and blobs",
    start_to_close_timeout=timedelta(hours=1),  # a stat of each blob: 100,000 take seconds on a local disk
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(minutes=1), maximum_attempts=3),
)
EXPIRE_PAYLOADS = EXPIRE.copy()
EXPIRE_PAYLOADS["summary"] = "expire values that no history names"
EXPIRE_PAYLOADS["start_to_close_timeout"] = timedelta(hours=6)  # reads every history: some 100 a second


@workflow.defn(name=contracts.SWEEP_WORKFLOW)
class SweepWorkflow:
    """One look at one host, started by its schedule. What it has to remember it hands to the next one as its result."""

    @workflow.run
    async def run(self, host: str) -> SweepMemory:
        memory = SweepMemory()
        if workflow.has_last_completion_result():
            memory = workflow.get_last_completion_result(SweepMemory) or memory
        config = SWEEP.copy()
        config["task_queue"], config["summary"] = contracts.host_queue(host), f"sweep {host}"
        order = SweepOrder(now=workflow.now(), memory=memory)
        report = await workflow.execute_activity(stubs.sweep_host, order, **config)
        await asyncio.gather(*map(self._make_room, report.ask))
        counts = ((report.sandboxes, "sandboxes"), (report.threads, "threads"), (report.images, "images"))
        removed = ", ".join(f"{len(things)} {name}" for things, name in counts if things)
        lines = [f"Removed: {removed or 'nothing'}.", *(f"- {problem}" for problem in report.problems)]
        workflow.set_current_details("\n".join(lines))
        return report.memory

    async def _make_room(self, thread: str) -> None:
        try:
            await workflow.get_external_workflow_handle(thread).signal(contracts.MAKE_ROOM)
        except FailureError:
            workflow.logger.info("thread %s ended by itself", thread)


@workflow.defn(name=contracts.EXPIRY_WORKFLOW)
class ExpiryWorkflow:
    """Once a day: what was kept long enough goes."""

    @workflow.run
    async def run(self) -> Expired:
        order = ExpireOrder(now=workflow.now())
        expired = await workflow.execute_activity(stubs.expire_records, order, **EXPIRE)
        swept = await workflow.execute_activity(stubs.expire_payloads, order, **EXPIRE_PAYLOADS)
        return expired.model_copy(update={"payloads": swept.count, "bytes": expired.bytes + swept.bytes})
