"""The intake: listens to every mailbox and Slack app, and hands messages to their threads."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from temporalio.client import Client

from airut.adapters.systemd_notify import READY, tell
from airut.config.differences import Change
from airut.config.schema import Config
from airut.ports.health import HealthReport
from airut.ports.telemetry import Telemetry
from airut.temporal.leases import Leases
from workers.health import intake_report, telling
from workers.listeners import Listeners
from workers.processes import connected, run
from workers.reloading import reloading
from workers.telemetry_wiring import generation_look, looked_at, telemetry
from workers.wiring import Listening, channels_look, health_board, intake, listening, payload_store


async def serve(config: Config, stop: asyncio.Event) -> None:
    async with telemetry(config, "intake") as measured:
        client = await connected(config, payload_store(config), stop)
        if client is not None:
            await _serve(config, client, stop, measured)


async def _serve(config: Config, client: Client, stop: asyncio.Event, measured: Telemetry) -> None:
    Leases(config.state).take("intake")
    listeners = Listeners[Listening]()

    async def take_up(changed: Config, _: tuple[Change, ...] = ()) -> tuple[str, ...]:
        return await listeners.listen(listening(changed), partial(intake, changed, client, measured))

    await take_up(config)

    def fares() -> HealthReport:
        return intake_report(listeners.statuses(), config.sources.redactor, datetime.now(UTC))

    looks = [channels_look(listeners.statuses), generation_look(config)]
    told = telling(health_board(config), fares)
    async with reloading(config, "intake", take_up), told, looked_at(measured, looks):
        tell(READY)
        stopped, fallen = asyncio.create_task(stop.wait()), asyncio.create_task(listeners.fallen())
        await asyncio.wait((stopped, fallen), return_when=asyncio.FIRST_COMPLETED)
        if fallen.done():
            fallen.result()
        fallen.cancel()
    await listeners.end()


if __name__ == "__main__":
    run("intake", serve)
