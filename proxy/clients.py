"""The client connections: how many, how long a request head may take, and which addresses each of them may reach."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mitmproxy import connection
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from proxy.access_log import AccessLog
from proxy.block import Reason, Refused

MAX_CLIENTS = 256
HEAD_TIMEOUT = 30.0  # seconds to finish a request head: a client that takes longer only holds a connection
CONNECT_TIMEOUT = 60.0  # seconds for TCP and TLS to an upstream
BAD_ADDRESS = 30.0  # seconds for which another address of the host is preferred after one failed

Abort = Callable[[connection.Client, connection.Connection], None]
"""Ends one of the connections that belong to a client connection: its own, or one to an upstream."""


@dataclass
class _Client:
    """What was decided on one client connection."""

    host: str | None = None
    opened: set[tuple[str, int]] = field(default_factory=set)
    head_timer: asyncio.TimerHandle | None = None


class Clients:
    """An addon of its own: a connection to an upstream is opened only where a cleared request asked for it."""

    def __init__(self, log: AccessLog, abort: Abort) -> None:
        self._log = log
        self._abort = abort
        self._clients: dict[str, _Client] = {}
        self._bad: dict[str, float] = {}

    def client_connected(self, client: connection.Client) -> None:
        """Admits at most so many clients, each with a time limit on its first request head."""
        if len(self._clients) >= MAX_CLIENTS:
            client.error = "too many connections"
            self._log.write("error", {"reason": "too_many_connections"})
            return
        self._clients[client.id] = _Client()
        self.head_pending(client, True)

    def client_disconnected(self, client: connection.Client) -> None:
        """Forgets it."""
        self.head_pending(client, False)
        self._clients.pop(client.id, None)

    def head_pending(self, client: connection.Client, pending: bool) -> None:
        """Starts the clock on a request head, or stops it."""
        state = self._clients.get(client.id)
        if state is None:
            return
        if pending and state.head_timer is None:
            loop = asyncio.get_running_loop()
            state.head_timer = loop.call_later(HEAD_TIMEOUT, lambda: self._abort(client, client))
        elif not pending and state.head_timer is not None:
            state.head_timer.cancel()
            state.head_timer = None

    def open(self, client: connection.Client, host: str, port: int, addresses: Sequence[str]) -> str:
        """Lets a client's next request go to a host, at the one of its addresses that this returns.

        Raises:
            Refused: its connection served another host before.
        """
        state = self._clients[client.id]
        if state.host not in (None, host):
            # Upstream connections are kept per client connection and address: two hosts must not meet on one.
            raise Refused(Reason.HOST_MISMATCH, "another host than before on this connection")
        state.host = host
        now = asyncio.get_running_loop().time()
        address = next((address for address in addresses if self._bad.get(address, 0) <= now), addresses[0])
        state.opened.add((address, port))
        return address

    def server_connect(self, data: ServerConnectionHookData) -> None:
        """Opens connections only to addresses that a cleared request asked for, with its host as the TLS name."""
        server = data.server
        server.error = "not cleared"
        state = self._clients.get(data.client.id)
        if state is None or state.host is None or server.address not in state.opened:
            return
        if server.tls:
            server.sni = state.host
        loop = asyncio.get_running_loop()
        loop.call_later(CONNECT_TIMEOUT, lambda: self._give_up(data.client, server))
        server.error = None

    def _give_up(self, client: connection.Client, server: connection.Server) -> None:
        done = server.timestamp_tls_setup if server.tls else server.timestamp_tcp_setup
        if done is None and server.timestamp_end is None:
            self._abort(client, server)

    def server_connect_error(self, data: ServerConnectionHookData) -> None:
        """Prefers another address of the host for a while."""
        now = asyncio.get_running_loop().time()
        self._bad = {address: until for address, until in self._bad.items() if until > now}
        if data.server.address is not None:
            self._bad[data.server.address[0]] = now + BAD_ADDRESS
