"""Before there is a configuration: a dashboard that asks for one. Then `airut up` takes this process's place."""

import argparse
import asyncio
import dataclasses
import logging
import os
import resource
import sys
from pathlib import Path

from airut.adapters.systemd_notify import adopt, hand_on
from airut.config.dashboard_settings import DashboardSettings
from airut.config.editing.configuration import ConfigurationFiles, Invalid
from airut.config.schema import Config
from airut.dashboard.app import create_app
from airut.dashboard.live import Hub
from airut.dashboard.topics import sources
from airut.errors import AirutError
from airut.temporal.connection import connect
from workers.dashboard import serve_app
from workers.dashboard_wiring import dashboard_ports
from workers.processes import EXIT_CONFIG, end, on_stop_signals
from workers.watched import keep_telling
from workers.wiring import payload_store

EVERY = 0.5
"""Seconds between two looks at whether there is a configuration: somebody is waiting in front of a page."""

log = logging.getLogger("airut.first_run")


async def until_configured(path: Path, stop: asyncio.Event, settings: DashboardSettings) -> bool:
    """Serve until there is a configuration at `path` that can be read; whether there is one, or `stop` was set before.

    Raises:
        ConfigError: the port cannot be had.
    """
    files = ConfigurationFiles(path)
    bare = Config(config_version=1, dashboard=settings)
    client = await connect(bare.temporal, payload_store(bare), bare.sources.redactor, lazy=True)
    ports = dataclasses.replace(dashboard_ports(bare, client), config=lambda: None, files=files)
    ended = asyncio.Event()
    watching = asyncio.create_task(_watch(files, stop, ended))
    try:
        live = Hub(sources(ports))
        await serve_app(create_app(ports, live=live), settings, ended, live)
    finally:
        watching.cancel()
    return not stop.is_set()


async def _watch(files: ConfigurationFiles, stop: asyncio.Event, ended: asyncio.Event) -> None:
    told = ""
    while not stop.is_set():
        if files.path.exists():
            try:
                await asyncio.to_thread(lambda: files.check(files.read()))
                break
            except (Invalid, AirutError) as error:
                if str(error) != told:
                    log.error("%s cannot be read yet: %s", files.path, told := str(error))
        await asyncio.sleep(EVERY)
    ended.set()


async def _serve(path: Path, port: int) -> bool:
    stop = asyncio.Event()
    on_stop_signals(lambda _: stop.set())
    telling = asyncio.create_task(keep_telling())
    settings = DashboardSettings(port=port)
    log.info("there is no configuration at %s: open %s to write one", path, settings.address)
    try:
        return await until_configured(path, stop, settings)
    finally:
        telling.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(prog="first_run")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--port", type=int, default=DashboardSettings().port, help="until a configuration says which")
    arguments = parser.parse_args()
    adopt(os.environ)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold what somebody has typed
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s up %(levelname)s %(name)s: %(message)s"
    )
    path = arguments.config.absolute()
    os.environ["AIRUT_CONFIG"] = str(path)
    try:
        found = asyncio.run(_serve(path, arguments.port))
    except AirutError as error:
        print(error, file=sys.stderr)
        end(EXIT_CONFIG)
    if not found:
        end(0)
    log.info("%s is there: starting", path)
    hand_on(os.environ)
    os.execv(sys.executable, [sys.executable, "-m", "workers.supervisor", "--config", str(path)])


if __name__ == "__main__":
    main()
