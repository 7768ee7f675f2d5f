"""The control worker: workflows, acknowledgements and replies."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.auditing import Audited
from activities.measuring import Measured
from airut import contracts
from airut.adapters.telemetry.trail import CountedTrail
from airut.config.differences import Change
from airut.config.schema import Config
from airut.ports.telemetry import Telemetry
from airut.temporal.connection import FAST
from airut.temporal.deployment import become_current, build_id
from airut.temporal.hand_over import HandOver
from airut.temporal.leases import Leases
from airut.temporal.retention import keep_closed_workflows
from airut.temporal.schedules import configured_tasks, reconcile
from airut.temporal.task_traces import Traced
from airut.temporal.thread_counts import threads_look
from airut.temporal.upkeep import ensure_expiry
from workers.audit_wiring import announced, audit_log
from workers.current import CurrentActivities
from workers.processes import connected, run
from workers.progress_wiring import progress_shows
from workers.reloading import reloading
from workers.serving import serve_until
from workers.telemetry_wiring import generation_look, host_name, looked_at, telemetry
from workers.wiring import Activities, control_activities, payload_store
from workflows.registered import WORKFLOWS

FOLLOWED_MOST = 1000
"""Running agents that are shown: each takes a look at Temporal every few seconds, and otherwise waits."""

log = logging.getLogger("airut.control")


async def serve(config: Config, stop: asyncio.Event) -> None:
    async with telemetry(config, "control") as measured:
        client = await connected(config, payload_store(config), stop)
        if client is not None:
            await _serve(config, client, stop, measured)


async def _serve(config: Config, client: Client, stop: asyncio.Event, measured: Telemetry) -> None:
    if config.temporal.mode == "embedded":
        await keep_closed_workflows(client)
    leases = Leases(config.state)
    current = CurrentActivities(_activities(config, client), config)
    host = host_name(config)
    trail = CountedTrail(audit_log(config, lambda: current.config), measured, host)
    seen = [HandOver(), Measured(measured, host), Audited(trail), current]
    name, grace = leases.take("control"), timedelta(seconds=config.execution.shutdown_grace)
    worker = Worker(
        client,
        task_queue=contracts.CONTROL_QUEUE,
        workflows=WORKFLOWS,
        activities=current.without("follow_progress"),
        max_heartbeat_throttle_interval=FAST,
        deployment_config=await become_current(client, build_id()),
        identity=name,
        graceful_shutdown_timeout=grace,
        interceptors=[*seen, Traced(measured)],
    )
    following = Worker(
        client,
        task_queue=contracts.PROGRESS_QUEUE,
        activities=current.only("follow_progress"),
        max_concurrent_activities=FOLLOWED_MOST,
        max_heartbeat_throttle_interval=timedelta(seconds=1),  # what a task shows next waits for a cancel to arrive
        identity=name,
        interceptors=[HandOver(), current],  # without a grace: the next worker goes on with the same message
    )

    async def take_up(changed: Config, _: tuple[Change, ...]) -> tuple[str, ...]:
        current.replace(_activities(changed, client), changed)
        return await reconcile_schedules(changed, client)

    looks = [threads_look(client, lambda: tuple(current.config.repos)), generation_look(config)]
    async with reloading(config, "control", take_up), announced(config), looked_at(measured, looks):
        await ensure_expiry(client)
        await reconcile_schedules(config, client)
        await serve_until(stop, client, leases, [worker, following], grace)


def _activities(config: Config, client: Client) -> Activities:
    shows = progress_shows(config, client)
    return [*control_activities(config, client), shows.show_progress, shows.follow_progress]


async def reconcile_schedules(config: Config, client: Client) -> tuple[str, ...]:
    """Make the server's schedules those of `airut.yaml`. One that it does not take must not keep threads from being
    answered: the log says so, as do the lines that are returned, and the next start or reload tries again."""
    try:
        done = await reconcile(client, config.shared_id, configured_tasks(config, datetime.now(UTC)))
    except RPCError as error:
        log.error("schedules are not up to date: %s", error.message)
        return (f"schedules are those of before: {error.message}",)
    log.info("schedules: %s", done)
    return ()


if __name__ == "__main__":
    run("control", serve)
