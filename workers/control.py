"""The control worker: workflows, acknowledgements and replies."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.auditing import Audited
from airut import contracts
from airut.config.installation import installation_id
from airut.config.schema import Config
from airut.temporal.connection import FAST
from airut.temporal.deployment import become_current, build_id
from airut.temporal.hand_over import HandOver
from airut.temporal.leases import Leases
from airut.temporal.retention import keep_closed_workflows
from airut.temporal.schedules import configured_tasks, reconcile
from airut.temporal.upkeep import ensure_expiry
from workers.audit_wiring import announced, audit_log
from workers.channels_wiring import slack_channels
from workers.fresh_secrets import fresh
from workers.processes import connected, run
from workers.progress_wiring import progress_shows
from workers.serving import GRACE, serve_until
from workers.wiring import control_activities, payload_store
from workflows.registered import WORKFLOWS

FOLLOWED_MOST = 1000
"""Running agents that are shown: each takes a look at Temporal every few seconds, and otherwise waits."""

log = logging.getLogger("airut.control")


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    if config.temporal.mode == "embedded":
        await keep_closed_workflows(client)
    leases, shows = Leases(config.state), progress_shows(config, client)
    name = leases.take("control")
    worker = Worker(
        client,
        task_queue=contracts.CONTROL_QUEUE,
        workflows=WORKFLOWS,
        activities=[*control_activities(config, client), shows.show_progress],
        max_heartbeat_throttle_interval=FAST,
        deployment_config=await become_current(client, build_id()),
        identity=name,
        graceful_shutdown_timeout=GRACE,
        interceptors=[HandOver(), Audited(audit_log(config))],
    )
    following = Worker(
        client,
        task_queue=contracts.PROGRESS_QUEUE,
        activities=[shows.follow_progress],
        max_concurrent_activities=FOLLOWED_MOST,
        max_heartbeat_throttle_interval=timedelta(seconds=1),  # what a task shows next waits for a cancel to arrive
        identity=name,
        interceptors=[HandOver()],  # without a grace: the next worker goes on with the same message
    )
    async with fresh(config.sources), announced(config):
        await ensure_expiry(client)
        await reconcile_schedules(config, client)
        await serve_until(stop, client, leases, [worker, following] if slack_channels(config) else [worker])


async def reconcile_schedules(config: Config, client: Client) -> None:
    """Make the server's schedules those of `airut.yaml`. One that it does not take must not keep threads from being
    answered: the log says so, and the next start or reload tries again."""
    try:
        done = await reconcile(client, installation_id(config.state), configured_tasks(config, datetime.now(UTC)))
    except RPCError as error:
        log.error("schedules are not up to date: %s", error.message)
        return
    log.info("schedules: %s", done)


if __name__ == "__main__":
    run("control", serve)
