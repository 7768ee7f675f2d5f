"""The proxy and the DNS responder of one sandbox, in one process, so that they end together."""

from __future__ import annotations

import asyncio
import logging
import signal
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from mitmproxy import connection
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.master import Master
from mitmproxy.options import Options

from proxy import inspection, matching, readiness
from proxy.access_log import AccessLog
from proxy.addon import NOWHERE, Fence
from proxy.block import Refused
from proxy.clients import Clients
from proxy.dns.server import QueryLog, Responder
from proxy.first_bytes import NextLayer
from proxy.reload import LiveRules
from proxy.resolver import Resolver
from proxy.rules import Rules
from proxy.settings import DNS_PORT, Settings
from proxy.tls import Issuer, Tls, trust_bundle
from proxy.upstream import IPAddress

IDLE_TIMEOUT = 15 * 60  # seconds without a byte either way: a model may think for minutes
LOOK_EVERY = 0.05  # seconds between looks at the rules while nobody asks: a new port is open before its first use
STOP_TIMEOUT = 1.0  # seconds: SIGTERM must end the container within two
logger = logging.getLogger(__name__)


class Proxy:
    """Everything one sandbox's fence is made of; the only place that composes it."""

    def __init__(self, settings: Settings, scratch: Path) -> None:
        """Reads rules and keys. Needs a running loop.

        Raises:
            Refused, OSError, ValueError: without usable rules and keys nothing is started at all.
        """
        self._settings = settings
        self._scratch = scratch
        self._log = AccessLog(settings.log / "network.jsonl")
        self._live = LiveRules(settings.rules, self._adopt)
        self._options = Options()
        self._upstream_dns: tuple[str, ...] | None = None
        self._resolver = Resolver(())
        self._issuer = Issuer(settings.ca.read_bytes(), scratch / "issuing.pem")
        self._master = self._compose()
        self._own = self._live.current().own_addresses

    def _compose(self) -> Master:
        """mitmproxy with the one of its addons that is needed: no commands, no scripts, no pages of its own."""
        master = Master(self._options)
        server = Proxyserver()  # type: ignore[no-untyped-call]
        clients = Clients(self._log, partial(_abort, server))
        fence = Fence(self._live, self._log, self._settings.ports, self._resolve, clients)
        tls = Tls(self._issuer, fence.refuse_connection)
        master.addons.add(NextLayer(fence), server, tls, clients, fence)  # type: ignore[no-untyped-call]
        self._options.update(  # type: ignore[no-untyped-call]
            connection_strategy="lazy",
            upstream_cert=False,
            keep_host_header=True,
            rawtcp=False,
            http3=False,
            tcp_timeout=IDLE_TIMEOUT,
        )
        return master

    def _adopt(self, rules: Rules) -> None:
        """Takes what a new version of the rules changes outside of the decision itself: a sandbox may be started ahead
        of its task, with rules that allow nothing.

        Raises:
            OSError, ValueError: the extra CA file cannot be used; nothing is allowed until it can.
        """
        inspection.prepare(rules)
        self._log.use(rules.sandbox, rules.named_values())
        if rules.upstream_dns != self._upstream_dns:
            self._upstream_dns, self._resolver = rules.upstream_dns, Resolver(rules.upstream_dns)
        trusted = trust_bundle(Path(rules.extra_ca_file) if rules.extra_ca_file else None, self._scratch)
        nowhere = f"{NOWHERE[0]}:{NOWHERE[1]}"
        bound = [self._settings.ports.to_bind(port) for port in rules.tcp_ports()]
        self._options.update(  # type: ignore[no-untyped-call]
            mode=[f"reverse:http://{nowhere}@{own}:{port}" for own in rules.own_addresses for port in bound],
            ssl_verify_upstream_trusted_ca=str(trusted) if trusted else None,
        )

    async def _resolve(self, host: str) -> tuple[IPAddress, ...]:
        return await self._resolver.resolve(host)

    def _is_allowed(self, name: str) -> bool:
        try:
            return any(matching.host_matches(entry.host, name) for entry in self._live.current().entries)
        except Refused:
            return False

    async def run(self, stop: asyncio.Event) -> int:
        """Serves until told to stop (0) or until a part of it ends by itself (1)."""
        responder = Responder(self._own, QueryLog(self._log, self._is_allowed))
        await responder.start(str(self._own[0]), self._settings.ports.to_bind(DNS_PORT))
        serving = asyncio.create_task(self._master.run())
        announcing = asyncio.create_task(self._announce())
        stopping = asyncio.create_task(stop.wait())
        try:
            ends: set[asyncio.Future[Any]] = {serving, announcing, stopping, responder.lost}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in (serving, announcing):
                if task.done() and (error := task.exception()):
                    logger.error("the proxy ends: %r", error)
            return 0 if stop.is_set() else 1
        finally:
            announcing.cancel()
            stopping.cancel()
            responder.close()
            self._master.shutdown()  # type: ignore[no-untyped-call]
            await asyncio.wait({serving}, timeout=STOP_TIMEOUT)
            self._log.write("stop", {})

    async def _announce(self) -> None:
        """Says when it is ready, and again after each change of the rules."""
        announced = ""
        while True:
            rules = self._current()
            if rules is not None and rules.digest != announced and await self._is_ready(rules):
                self._log.write("start", {"digest": rules.digest, "presets": _expansion(rules)})
                if not self._log.is_writable():
                    raise OSError("the access log cannot be written")
                readiness.write_ready(self._settings.log / "ready", rules, self._settings.ports)
                announced = rules.digest
            await asyncio.sleep(LOOK_EVERY)

    async def _is_ready(self, rules: Rules) -> bool:
        """Raises: TimeoutError"""
        return await readiness.wait_until_ready(
            rules, self._settings.ports, self._issuer, lambda: (now := self._current()) is not None and now == rules
        )

    def _current(self) -> Rules | None:
        """None while no rules can be read: that blocks everything, and needs no announcement."""
        try:
            return self._live.current()
        except Refused:
            return None


def _expansion(rules: Rules) -> tuple[str, ...]:
    """What presets stand for in these rules: they change with versions of the product."""
    entries = [entry for entry in rules.entries if entry.origin == "preset"]
    return tuple(f"{e.rule} {e.host}{e.path or ''} {','.join(e.methods)}".rstrip() for e in entries)


def _abort(server: Proxyserver, client: connection.Client, ended: connection.Connection) -> None:
    handler = server.connections.get(client.id)
    transport = handler.transports.get(ended) if handler is not None else None
    if transport is not None and transport.handler is not None:
        transport.handler.cancel("timeout")


async def serve(settings: Settings) -> int:
    """Runs the proxy until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    with tempfile.TemporaryDirectory(prefix="airut-proxy-") as scratch:
        try:
            return await Proxy(settings, Path(scratch)).run(stop)
        except (Refused, OSError, ValueError) as error:
            logger.error("the proxy does not start: %s", error)
            return 1
