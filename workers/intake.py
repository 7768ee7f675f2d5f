"""The intake: listens to every mailbox and Slack app, and hands messages to their threads."""

import asyncio
import contextlib

from airut.adapters.systemd_notify import READY, tell
from airut.config.schema import Config
from airut.temporal.leases import Leases
from workers.fresh_secrets import fresh
from workers.processes import connected, run
from workers.wiring import intakes, payload_store

GRACE = 5.0
"""Seconds for the mail in hand: a hand-over takes some ten milliseconds, and what is cut off is read again."""


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    Leases(config.state).take("intake")
    async with fresh(config.sources), asyncio.TaskGroup() as group:
        listening = intakes(config, client)
        listeners = [group.create_task(intake.run()) for intake in listening]
        tell(READY)
        await stop.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await asyncio.gather(*(intake.drain() for intake in listening))
        for listener in listeners:
            listener.cancel()


if __name__ == "__main__":
    run("intake", serve)
