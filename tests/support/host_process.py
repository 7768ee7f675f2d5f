"""A sandbox host's worker process with activities that write down what they do: real signals, real Temporal, no Podman.

`python -m tests.support.host_process --config FILE`; `HOST_ID` names it, `HOST_DIARY` is the file that it writes to.
"""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.config.schema import Config
    from airut.contracts import stubs
    from airut.models.base import Model
    from airut.models.blob import Text
    from airut.models.schedules.firing import TriggerInput, TriggerResult
    from airut.models.tasks.outcome import AgentOutcome, AgentVerdict, Usage
    from airut.models.tasks.steps import AgentInput, HostResult
    from airut.models.tasks.task import AgentResult


class Entry(Model):
    """One line of the diary. `at` in seconds of the epoch."""

    event: str
    pid: int
    attempt: int
    at: float


class Diary:
    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, event: str) -> None:
        attempt = activity.info().attempt if activity.in_activity() else 0
        entry = Entry(event=event, pid=os.getpid(), attempt=attempt, at=time.time())
        with self._path.open("a") as file:
            file.write(entry.model_dump_json() + "\n")

    def read(self) -> list[Entry]:
        return [Entry.model_validate_json(line) for line in self._path.read_text().splitlines()]

    async def until(self, event: str, count: int = 1, limit: float = 90) -> Entry:
        """The entry, once there are so many of it."""
        async with asyncio.timeout(limit):
            while not self._path.exists() or sum(entry.event == event for entry in self.read()) < count:
                await asyncio.sleep(0.02)
        return [entry for entry in self.read() if entry.event == event][count - 1]


class WrittenDown:
    """`workers.sandbox_host.Hosted`: one agent at a time, which runs until the file `done` beside the diary exists."""

    def __init__(self, host: str, diary: Path) -> None:
        self.id, self.slots = host, 1
        self._diary, self._done = Diary(diary), diary.with_name("done")
        self.activities: Sequence[Callable[..., Any]] = [self.short]

    @activity.defn
    async def claim_host(self) -> HostResult:
        return HostResult(host=self.id)

    @activity.defn
    async def short(self, seconds: float) -> str:
        self._diary.write("short begins")
        await asyncio.sleep(seconds)
        self._diary.write("short ends")
        return "done"

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        self._diary.write("agent begins")
        try:
            while not self._done.exists():
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            assert details is not None
            assert details.worker_shutdown
            raise ApplicationError("the agent runs on", type="WorkerDraining") from None
        return AgentResult(verdict=AgentVerdict(outcome=AgentOutcome.DONE, usage=Usage()), text=Text(inline=""))

    @activity.defn
    async def run_trigger(self, order: TriggerInput) -> TriggerResult:
        return TriggerResult(code=0)


@workflow.defn
class OneStep:
    """Runs one activity of a host, with the time-outs that tasks have."""

    @workflow.run
    async def run(self, host: str, seconds: float, order: AgentInput | None) -> None:
        if order is not None:
            await workflow.execute_activity(
                stubs.run_agent,
                order,
                task_queue=contracts.agent_queue(host),
                start_to_close_timeout=timedelta(minutes=10),
                heartbeat_timeout=timedelta(seconds=60),
            )
            return
        await workflow.execute_activity(
            "short",
            seconds,
            task_queue=contracts.host_queue(host),
            start_to_close_timeout=timedelta(minutes=10),
        )


if __name__ == "__main__":
    from airut.temporal.leases import Leases
    from workers.processes import connected, run
    from workers.sandbox_host import serve_host
    from workers.wiring import payload_store

    async def serve(config: Config, stop: asyncio.Event) -> None:
        client = await connected(config, payload_store(config), stop)
        assert client is not None
        host = WrittenDown(os.environ["HOST_ID"], Path(os.environ["HOST_DIARY"]))
        Diary(Path(os.environ["HOST_DIARY"])).write("serves")
        await serve_host(client, host, Leases(config.state), stop, grace=timedelta(seconds=30))

    run("host", serve)
