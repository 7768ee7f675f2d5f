"""The intake: listens to every mailbox and hands messages to their threads."""

import asyncio

from airut.config.schema import Config
from workers.processes import connected, run
from workers.wiring import intakes, payload_store


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connected(config, payload_store(config), stop)
    if client is None:
        return
    async with asyncio.TaskGroup() as group:
        listeners = [group.create_task(intake.run()) for intake in intakes(config, client)]
        await stop.wait()
        for listener in listeners:
            listener.cancel()


if __name__ == "__main__":
    run("intake", serve)
