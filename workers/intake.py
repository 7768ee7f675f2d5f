"""The intake: listens to every mailbox and Slack app, and hands messages to their threads."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from airut.adapters.systemd_notify import READY, tell
from airut.config.differences import Change
from airut.config.schema import Config
from airut.ports.health import HealthReport
from airut.temporal.leases import Leases
from workers.health import intake_report, telling
from workers.listeners import Listeners
from workers.processes import connected, run
from workers.reloading import reloading
from workers.wiring import Listening, health_board, intake, listening, payload_store


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    Leases(config.state).take("intake")
    listeners = Listeners[Listening]()

    async def take_up(changed: Config, _: tuple[Change, ...] = ()) -> tuple[str, ...]:
        return await listeners.listen(listening(changed), partial(intake, changed, client))

    await take_up(config)

    def fares() -> HealthReport:
        return intake_report(listeners.statuses(), config.sources.redactor, datetime.now(UTC))

    async with reloading(config, "intake", take_up), telling(health_board(config), fares):
        tell(READY)
        stopped, fallen = asyncio.create_task(stop.wait()), asyncio.create_task(listeners.fallen())
        await asyncio.wait((stopped, fallen), return_when=asyncio.FIRST_COMPLETED)
        if fallen.done():
            fallen.result()
        fallen.cancel()
    await listeners.end()


if __name__ == "__main__":
    run("intake", serve)
