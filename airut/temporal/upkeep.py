"""The schedules of our own housekeeping. Whoever starts makes them what this code wants them to be."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from airut import contracts

SWEEP_EVERY = timedelta(minutes=5)
EXPIRE_EVERY = timedelta(days=1)
EXPIRY = "airut/expiry"


def sweep_id(host: str) -> str:
    """Of a host's schedule, and the beginning of its workflows' ids."""
    return f"host/{host}/sweep"


async def ensure_sweep(client: Client, host: str) -> None:
    """Let the host be swept now, and every five minutes. Paused by hand, it stays paused.

    Raises:
        RPCError: Temporal is away.
    """
    await _ensure(client, sweep_id(host), contracts.SWEEP_WORKFLOW, [host], SWEEP_EVERY)
    await client.get_schedule_handle(sweep_id(host)).trigger(overlap=ScheduleOverlapPolicy.SKIP)


async def ensure_expiry(client: Client) -> None:
    """Let archives and blobs expire, once a day. Raises: RPCError"""
    await _ensure(client, EXPIRY, contracts.EXPIRY_WORKFLOW, [], EXPIRE_EVERY)


async def _ensure(client: Client, id_: str, workflow: str, arguments: list[str], every: timedelta) -> None:
    wanted = Schedule(
        action=ScheduleActionStartWorkflow(workflow, args=arguments, id=id_, task_queue=contracts.CONTROL_QUEUE),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
        # What was missed while everything was down is done once, by the next one.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
    try:
        await client.create_schedule(id_, wanted)
    except ScheduleAlreadyRunningError:

        def changed(found: ScheduleUpdateInput) -> ScheduleUpdate:
            wanted.state = found.description.schedule.state
            return ScheduleUpdate(schedule=wanted)

        await client.get_schedule_handle(id_).update(changed)
