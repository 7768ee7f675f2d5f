"""The sandbox-host worker: checkouts, images, agents, publishing, on the machine that runs the containers."""

import argparse
import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from temporalio.client import Client
from temporalio.worker import Interceptor, Worker

from activities.auditing import Audited
from activities.measuring import Measured
from activities.placement import Placement
from airut import contracts
from airut.adapters.telemetry.trail import CountedTrail
from airut.config.differences import Change
from airut.config.schema import Config, SandboxSettings
from airut.models.schedules.firing import TriggerInput, TriggerResult
from airut.models.tasks.steps import AgentInput, HostResult
from airut.models.tasks.task import AgentResult
from airut.ports.health import HealthReport
from airut.ports.telemetry import Telemetry
from airut.temporal.connection import FAST
from airut.temporal.hand_over import HandOver
from airut.temporal.hosts import release_idle, report_up
from airut.temporal.leases import Leases
from airut.temporal.upkeep import ensure_sweep
from workers.audit_wiring import announced, audit_log
from workers.current import CurrentActivities
from workers.health import host_health, telling
from workers.host_wiring import SandboxHost
from workers.images_look import ImagesLook
from workers.processes import connected, run
from workers.reloading import reloading
from workers.serving import serve_until
from workers.telemetry_wiring import disk_look, generation_look, looked_at, telemetry
from workers.wiring import Activities, health_board, payload_store

log = logging.getLogger("airut.host")


class Hosted(Protocol):
    """What runs on a sandbox host: `slots` agents and triggers at once, and everything else without that limit."""

    id: str
    slots: int
    activities: Activities

    @property
    def run_agent(self) -> Callable[[AgentInput], Awaitable[AgentResult]]: ...

    @property
    def run_trigger(self) -> Callable[[TriggerInput], Awaitable[TriggerResult]]: ...

    @property
    def claim_host(self) -> Callable[[], Awaitable[HostResult]]: ...


async def serve(config: Config, stop: asyncio.Event, *, drain: bool = False, host_id: str | None = None) -> None:
    async with telemetry(config, "host") as measured:
        client = await connected(config, payload_store(config), stop)
        if client is not None:
            await _serve(config, client, stop, SandboxHost(config, client, host_id, measured), measured, drain=drain)


async def _serve(
    config: Config, client: Client, stop: asyncio.Event, made: SandboxHost, measured: Telemetry, *, drain: bool
) -> None:
    async with made as host:
        current = CurrentActivities(_all(host), config)
        trail = CountedTrail(audit_log(config, lambda: current.config), measured, host.id)
        seen = [Measured(measured, host.id), Audited(trail), current]
        images = ImagesLook(host.images_here)
        looks = [disk_look(config.state, host.id), generation_look(config)]

        async def take_up(changed: Config, _: tuple[Change, ...]) -> tuple[str, ...]:
            await host.take_up(changed)
            current.replace(_all(host), changed)
            return ()

        def fares() -> HealthReport:
            own = host_health(host.id, host.slots, config.state, current.config.disk.min_free)
            own = own.model_copy(update={"images": images.found})
            return HealthReport(process=f"host-{host.id}", at=datetime.now(UTC), host=own)

        told, looking = telling(health_board(config), fares), images.going_on()
        async with reloading(config, "host", take_up), announced(config), told, looking, looked_at(measured, looks):
            await ensure_sweep(client, host.id)
            leases = Leases(config.state)
            grace = timedelta(seconds=config.execution.shutdown_grace)
            await serve_host(client, host, leases, stop, grace=grace, drain=drain, interceptors=seen)


def _all(host: Hosted) -> Activities:
    return [*host.activities, host.run_agent, host.run_trigger, host.claim_host]


async def serve_host(
    client: Client,
    host: Hosted,
    leases: Leases,
    stop: asyncio.Event,
    *,
    grace: timedelta,
    drain: bool = False,
    interceptors: Sequence[Interceptor] = (),
) -> None:
    """Poll this host's queues until `stop`, and see short activities through for `grace`. With `drain` it takes no new
    threads from now on, until that is undone. `interceptors` see every activity."""
    name = leases.take("host")
    agents = Worker(
        client,
        task_queue=contracts.agent_queue(host.id),
        activities=[host.run_agent, host.run_trigger],
        max_concurrent_activities=host.slots,  # sandboxes that the host's memory can hold
        max_heartbeat_throttle_interval=FAST,
        identity=name,
        interceptors=[HandOver(), *interceptors],  # without a grace: the agent runs on, and the next worker follows it
    )
    placement = Placement()
    own = Worker(
        client,
        task_queue=contracts.host_queue(host.id),
        activities=[*host.activities, host.run_agent, placement.set_placement],
        max_heartbeat_throttle_interval=FAST,
        identity=name,
        graceful_shutdown_timeout=grace,
        interceptors=[HandOver(), *interceptors],
    )

    def taking() -> Worker:
        return Worker(
            client,
            task_queue=contracts.PLACEMENT_QUEUE,
            activities=[host.claim_host],
            identity=name,
            interceptors=interceptors,
        )

    async def ready() -> None:
        """A thread is only placed where all else is ready, and the host not drained."""
        await report_up(client, host.id, drain=drain)
        if drain:
            released = await release_idle(client, host.id)
            log.info("drained: %d idle threads end here; a reply starts each again on another host", released)
        await placement.run(taking)

    await serve_until(stop, client, leases, [agents, own], grace, ready)


def main() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--drain", action="store_true")
    parser.add_argument("--host-id")
    options, sys.argv[1:] = parser.parse_known_args()

    async def with_options(config: Config, stop: asyncio.Event) -> None:
        if options.host_id:
            SandboxSettings(host_id=options.host_id)  # a name that cannot be one is told
        await serve(config, stop, drain=options.drain, host_id=options.host_id)

    run("host", with_options)


if __name__ == "__main__":
    main()
