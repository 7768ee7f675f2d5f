"""A whole client connection in HTTP/1, through the proxy's own layers and addon, with a strict reader for an upstream."""

import asyncio
import inspect
import ipaddress
import json
import logging
import tempfile
from collections import deque
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import h11
from mitmproxy.connection import Client, Connection, ConnectionState, Server
from mitmproxy.http import HTTPFlow
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

from proxy.access_log import AccessLog, Value
from proxy.addon import Fence
from proxy.clients import Clients
from proxy.layers import FencedHttpLayer
from proxy.reload import LiveRules
from proxy.settings import Ports
from proxy.upstream import IPAddress
from tests.proxy.documents import entry, rules

HOST = "a.test"
ADDRESS = "127.88.0.1"
STREAMS = (
    b"GET /a HTTP/1.1\r\nHost: a.test\r\n\r\nGET /a/2 HTTP/1.1\r\nHost: a.test\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhelloGET /a/2 HTTP/1.1\r\nHost: a.test\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n"
    b"POST /a/2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
    b"GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: a.test\r\n\r\n",
    b"GET /b HTTP/1.1\r\nHost: a.test\r\nContent-Length: 40\r\n\r\nGET /a HTTP/1.1\r\nHost: a.test\r\n\r\n",
    b"GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /b HTTP/1.1\r\nHost: a.test\r\n\r\n",
)
WORDS = (
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"0\r\n\r\n", b"5\r\nhello\r\n", b"Content-Length: 3\r\n", b"Content-Length: 0",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked, identity\r\n", b"Transfer-Encoding:\x0bchunked\r\n",
    b"Transfer-Encoding : chunked\r\n", b"GET /b HTTP/1.1\r\nHost: a.test\r\n\r\n", b"HTTP/1.0", b"Connection: close\r\n",
    b"ffffffffffffffff1\r\n", b"0x5\r\n", b"5;x=y\r\n", b"-1\r\n", b"Host: b.test\r\n", b"http://a.test/a", b"HEAD", b"CONNECT",
)  # fmt: skip
_OPTIONS: Mapping[str, tuple[object, object]] = {
    "store_streamed_bodies": (bool, False),
    "connection_strategy": (str, "lazy"),
    "stream_large_bodies": (str | None, None),
    "body_size_limit": (str | None, None),
    "keep_host_header": (bool, True),
    "normalize_outbound_headers": (bool, True),
    "validate_inbound_headers": (bool, True),
    "rawtcp": (bool, False),
}
"""What the layers ask for and mitmproxy's server adds, with the values that the proxy gives them."""
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

type Asked = tuple[bytes, bytes]


class _Log(AccessLog):
    """Keeps nothing."""

    def write(self, kind: str, fields: Mapping[str, Value]) -> None:
        pass


class _Errors(logging.Handler):
    """What the layers and the addon could not cope with: they end the connection then, and say so in the log."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(self.format(record))


async def _resolve(_: str) -> tuple[IPAddress, ...]:
    return (ipaddress.ip_address(ADDRESS),)


@cache
def _ground() -> tuple[LiveRules, Options]:
    """What all connections share: an allowlist of one place, and mitmproxy's options as the proxy has them."""
    folder = Path(tempfile.mkdtemp(prefix="airut-fuzz-"))
    document = rules(entry(HOST, path="/a*", schemes=["http"]))
    (folder / "rules.json").write_text(json.dumps({**document, "upstream_dns": ["192.0.2.1"]}))
    live = LiveRules(folder / "rules.json", lambda _: None)
    live.current()

    options = Options()
    for name, (kind, value) in _OPTIONS.items():
        options.add_option(name, kind, value, "")
    return live, options


class _Run:
    """One client connection, fed by hand."""

    def __init__(self, live: LiveRules, options: Options) -> None:
        log = _Log(Path("/nowhere"))
        self._clients = Clients(log, lambda *_: None)
        self._fence = Fence(live, log, Ports(), _resolve, self._clients)
        self._client = Client(
            peername=("10.199.0.3", 40_000),
            sockname=("10.199.0.2", 80),
            timestamp_start=0.0,
            state=ConnectionState.OPEN,
        )
        self._layer = FencedHttpLayer(Context(self._client, options), self._fence)
        self._upstreams: dict[Connection, h11.Connection] = {}
        self._waiting: deque[events.Event] = deque()
        self._seen: set[str] = set()
        self.cleared: list[Asked] = []
        self.arrived: list[Asked] = []

    async def feed(self, pieces: list[bytes]) -> None:
        self._clients.client_connected(self._client)
        await self._handle(events.Start())
        for piece in pieces:
            if not self._client.connected:
                break
            await self._handle(events.DataReceived(self._client, piece))
        self._client.state = ConnectionState.CLOSED
        await self._handle(events.ConnectionClosed(self._client))
        self._clients.client_disconnected(self._client)

    async def _handle(self, event: events.Event) -> None:
        self._waiting.append(event)
        while self._waiting:
            for command in self._layer.handle_event(self._waiting.popleft()):
                await self._obey(command)

    async def _obey(self, command: commands.Command) -> None:
        match command:
            case commands.SendData() if isinstance(command.connection, Server):
                self._answer(command.connection, command.data)
            case commands.OpenConnection():
                self._clients.server_connect(ServerConnectionHookData(command.connection, self._client))
                if command.connection.error is None:
                    command.connection.state = ConnectionState.OPEN
                    self._upstreams[command.connection] = h11.Connection(h11.SERVER)
                self._waiting.append(events.OpenConnectionCompleted(command, command.connection.error))
            case commands.CloseConnection():
                command.connection.state = ConnectionState.CLOSED
            case commands.StartHook():
                await self._hook(command)
            case _:
                pass

    async def _hook(self, command: commands.StartHook) -> None:
        for addon in (self._clients, self._fence):
            hook = getattr(addon, command.name, None)
            done = hook(*command.args()) if hook else None
            if inspect.isawaitable(done):
                await done
        if command.name in ("requestheaders", "request"):
            (flow,) = command.args()
            assert isinstance(flow, HTTPFlow)
            if self._fence.is_cleared(flow) and flow.id not in self._seen:
                self._seen.add(flow.id)
                self.cleared.append((flow.request.data.method, flow.request.data.path))
        if command.blocking:
            self._waiting.append(events.HookCompleted(command))

    def _answer(self, upstream: Connection, data: bytes) -> None:
        """What a strict reader takes the bytes for; it answers each request, and hangs up on anything else."""
        reader = self._upstreams[upstream]
        try:
            reader.receive_data(data)
            while (event := reader.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                if isinstance(event, h11.Request):
                    self.arrived.append((event.method, event.target))
                    assert (b"host", HOST.encode()) in list(event.headers)
                elif isinstance(event, h11.EndOfMessage):
                    reader.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                    reader.send(h11.EndOfMessage())
                    self._waiting.append(events.DataReceived(upstream, _ANSWER))
                    if reader.our_state is not h11.DONE:
                        return
                    reader.start_next_cycle()
        except h11.RemoteProtocolError:
            upstream.state = ConnectionState.CLOSED
            self._waiting.append(events.ConnectionClosed(upstream))


def stream(data: bytes) -> None:
    """Whatever a client sends, in one piece or two: what an upstream reads are the requests that were cleared, in order,
    and no other; and nothing comes unexpected."""
    live, options = _ground()
    errors = _Errors()
    logger = logging.getLogger("proxy")
    logger.addHandler(errors)
    try:
        _both(live, options, data)
    finally:
        logger.removeHandler(errors)
    assert not errors.seen, "\n".join(errors.seen)


def _both(live: LiveRules, options: Options, data: bytes) -> None:
    for pieces in ([data], [data[: len(data) // 2], data[len(data) // 2 :]]):
        run = _Run(live, options)
        asyncio.run(run.feed(pieces))
        assert run.arrived == run.cleared[: len(run.arrived)], (run.arrived, run.cleared)
        assert all(target.startswith(b"/a") for _, target in run.arrived)
