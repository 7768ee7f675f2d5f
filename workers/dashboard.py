"""The dashboard: web pages and the programs' interface. It serves also while Temporal is away."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from airut.adapters.systemd_notify import READY, tell
from airut.config.dashboard_settings import DashboardSettings
from airut.config.differences import Change
from airut.config.schema import Config
from airut.dashboard.app import create_app
from airut.dashboard.live import Hub
from airut.dashboard.topics import sources
from airut.errors import ConfigError
from airut.temporal.connection import connect
from workers.dashboard_wiring import dashboard_ports
from workers.processes import run
from workers.reloading import reloading
from workers.wiring import payload_store

GRACE = 3
"""Seconds for pages that are being sent; streams of events are ended, and browsers come back by themselves."""

log = logging.getLogger("airut.dashboard")


class _Server(uvicorn.Server):
    """Without signal handlers of its own: the process has them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(config: Config, stop: asyncio.Event) -> None:
    client = await connect(config.temporal, payload_store(config), config.sources.redactor, lazy=True)
    present = [config]

    async def take_up(changed: Config, _: tuple[Change, ...]) -> tuple[str, ...]:
        present[0] = changed
        return ()

    async with reloading(config, "dashboard", take_up):
        ports = dashboard_ports(config, client, lambda: present[0])
        live = Hub(sources(ports))
        await serve_app(create_app(ports, live=live), config.dashboard, stop, live)


async def serve_app(app: ASGIApp, settings: DashboardSettings, stop: asyncio.Event, live: Hub) -> None:
    """Until `stop`; the streams of `live` end with it.

    Raises:
        ConfigError: the port cannot be had.
    """
    listening = listen(settings)
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,  # the guard believes only the proxies that are configured
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=GRACE,
        )
    )
    log.info("the dashboard is at %s", settings.address)
    tell(READY)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait((serving, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    live.close()
    server.should_exit = True
    await serving


def listen(settings: DashboardSettings) -> socket.socket:
    """
    Raises:
        ConfigError: another program has the port, or there is no such address here.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listening = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise ConfigError(
            f"the dashboard cannot listen on {settings.host} port {settings.port} ({error.strerror}); "
            "change dashboard.host or dashboard.port"
        ) from error
    # What it accepts inherits this. asyncio would see to it only for a socket whose protocol is named, which Python's
    # is not; a page's head and body leave one after the other, and without it the second waits 40 ms for the first.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


if __name__ == "__main__":
    run("dashboard", serve)
