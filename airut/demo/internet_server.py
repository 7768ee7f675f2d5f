"""The internet of the lab in one process: names, the model's API, any web site, and a net below everything else."""

import asyncio
import contextlib
import re
import socket
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import ValidationError

from airut.demo.control import (
    COMMAND,
    Answer,
    FailModel,
    GetReport,
    RegisterScript,
    Report,
    Reset,
    ServeFiles,
    ServeRepositories,
    SetName,
)
from airut.demo.dns import NameServer
from airut.demo.echo import Echo
from airut.demo.hosted import HostedRepositories
from airut.demo.http import Request, Response, serve_http
from airut.demo.records import Arrival, NameRecord
from airut.demo.scripted_model import ScriptedModel
from airut.demo.sniffer import Sniffer
from airut.demo.stored_files import StoredFiles
from airut.demo.tcp import BUFFER, Listener, first_bytes, streams
from airut.demo.tls import Authority
from airut.demo.udp import Endpoint, UdpListener
from airut.models.base import Model

MODEL_NAME = "api.anthropic.com"
FORGE_NAMES = ("api.github.com", "github.com")
CANARY = b"airut-canary: an address that nothing may reach"
TLS_HANDSHAKE = b"\x16"
HTTP_METHOD = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE|PROPFIND) ")
# What an escape would try: shells, mail, name services, proxies, databases, orchestrators, and a few of no meaning.
TCP_PORTS = (
    21, 22, 23, 25, 80, 110, 143, 389, 443, 465, 587, 636, 853, 993, 1080, 1433, 2375, 2376, 3000, 3128, 3306, 3389,
    4444, 5000, 5432, 5672, 6379, 6443, 7233, 8000, 8080, 8443, 8888, 9000, 9200, 11211, 27017, 31337,
)  # fmt: skip
UDP_PORTS = (67, 69, 123, 137, 161, 443, 500, 514, 853, 1194, 1900, 3478, 4500, 5353, 11211, 31337, 51820)


class Plan(Model):
    """Where to listen. The default is the lab's; tests on loopback take port 0 and their own host."""

    hosts: tuple[str, ...] = ("0.0.0.0",)
    tcp_ports: tuple[int, ...] = TCP_PORTS
    udp_ports: tuple[int, ...] = UDP_PORTS
    dns_port: int = 53
    model_address: str | None = None
    """None: the model answers wherever its name is asked for."""
    canary_addresses: tuple[str, ...] = ()
    """What nothing may reach: answers with `CANARY`, so that a reader of the answer knows too."""
    forge_address: str | None = None
    sniff: bool = False
    """Look at every packet: only where the network is the lab's own."""
    names: tuple[NameRecord, ...] = ()


class InternetServer:
    """Every TCP port takes TLS, plain HTTP and anything else; what arrives is recorded before it is answered."""

    def __init__(self, plan: Plan, authority: Authority) -> None:
        self._plan = plan
        self._authority = authority
        self.names = NameServer(*plan.names)
        self.model = ScriptedModel()
        self.echo = Echo()
        self.sniffer = Sniffer()
        self.repositories: HostedRepositories | None = None
        self.files: StoredFiles | None = None
        self.arrivals: list[Arrival] = []
        self.tcp: list[Listener] = []
        self.dns_port = plan.dns_port
        self._model_dead_until = 0.0
        self._talking_to_model: set[asyncio.Task[object]] = set()

    @contextlib.asynccontextmanager
    async def running(self, control: Path) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for host in self._plan.hosts:
                for port in (self._plan.dns_port, *self._plan.tcp_ports):
                    listener = await Listener(self._connection).start(host, port)
                    stack.push_async_callback(listener.close)
                    self.tcp.append(listener)
                # Where any free port will do, TCP has chosen it: a busy machine has few free of both, and UDP has more.
                self.dns_port = self.tcp[-1 - len(self._plan.tcp_ports)].port
                names = await UdpListener(self._name_datagram).start(host, self.dns_port)
                stack.push_async_callback(names.close)
                for port in self._plan.udp_ports:
                    datagrams = await UdpListener(self._datagram).start(host, port)
                    stack.push_async_callback(datagrams.close)
            if self._plan.sniff:
                self.sniffer.start()
            stack.push_async_callback(self.sniffer.close)
            await asyncio.to_thread(control.unlink, missing_ok=True)
            server = await asyncio.start_unix_server(self._control, control, limit=64 * BUFFER)
            stack.push_async_callback(server.wait_closed)
            stack.callback(server.close)
            await asyncio.to_thread(
                control.chmod, 0o666
            )  # tests may run as another user than this process; nothing here is secret
            yield

    async def _connection(self, connection: socket.socket) -> None:
        source, local = connection.getpeername()[:2], connection.getsockname()[:2]
        arrival = _arrival("tcp", source, local)
        self.arrivals.append(arrival)
        if local[1] == self.dns_port:
            await self._name_connection(connection, source, local)
            return
        if local[0] == self._plan.model_address:
            await self._model_connection(connection, arrival)
            return
        await self._any_connection(connection, arrival)

    async def _model_connection(self, connection: socket.socket, arrival: Arrival) -> None:
        """As any other, but that it can be cut."""
        if time.monotonic() < self._model_dead_until:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing resets it
            return
        task = asyncio.current_task()
        assert task, "every connection has one"
        self._talking_to_model.add(task)
        try:
            await self._any_connection(connection, arrival)
        finally:
            self._talking_to_model.discard(task)

    def _fail_model(self, seconds: float) -> None:
        self._model_dead_until = time.monotonic() + seconds
        for task in self._talking_to_model:
            task.cancel()

    async def _any_connection(self, connection: socket.socket, arrival: Arrival) -> None:
        # Protocols in which the server speaks first say nothing: five seconds tell them apart.
        first = await first_bytes(connection, 5)
        if first.startswith(TLS_HANDSHAKE):
            await serve_http(connection, self._web, self._authority)
        elif HTTP_METHOD.match(first):
            await serve_http(connection, self._web)
        elif first:
            received = connection.recv(1024).decode("latin-1")
            if arrival in self.arrivals:  # a reset may have come between
                self.arrivals[self.arrivals.index(arrival)] = arrival.model_copy(update={"received": received})

    async def _web(self, request: Request) -> Response:
        local = request.local[0]
        if local in self._plan.canary_addresses:
            await self.echo.handle(request)
            return Response(200, CANARY)
        if self.repositories and (request.host in FORGE_NAMES or local == self._plan.forge_address):
            return await self.repositories.handle(request)
        if self.files and self.files.serves(request.host):
            self.echo.note(request)
            return await self.files.handle(request)
        chosen = local == self._plan.model_address if self._plan.model_address else request.host == MODEL_NAME
        return await (self.model.handle(request) if chosen else self.echo.handle(request))

    async def _datagram(self, payload: bytes, source: Endpoint, local: Endpoint) -> None:
        self.arrivals.append(_arrival("udp", source, local, payload))

    async def _name_datagram(self, payload: bytes, source: Endpoint, local: Endpoint) -> bytes | None:
        self.arrivals.append(_arrival("udp", source, local, payload))
        return await self.names.answer(payload, source[0], local[0], "udp")

    async def _name_connection(self, connection: socket.socket, source: Endpoint, local: Endpoint) -> None:
        async with streams(connection) as (reader, writer):
            while True:  # RFC 7766: several questions may share a connection
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                answer = await self.names.answer(await reader.readexactly(size), source[0], local[0], "tcp")
                if answer is None:
                    return
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer = self._obey(await reader.readline())
            writer.write(answer.model_dump_json().encode() + b"\n")
            await writer.drain()
        except OSError:
            pass  # the test was killed
        finally:
            writer.close()

    def _obey(self, line: bytes) -> Answer:
        try:
            command = COMMAND.validate_json(line)
        except ValidationError as error:
            return Answer(error=str(error))
        match command:
            case RegisterScript():
                self.model.register(command.key, command.script)
            case SetName():
                self.names.set(command.record)
            case FailModel():
                self._fail_model(command.seconds)
            case ServeRepositories():
                self.repositories = HostedRepositories(
                    command.folder, command.tokens, command.anonymous_read, command.app
                )
            case ServeFiles():
                self.files = StoredFiles(command.folder)
            case Reset():
                self.model.reset()
                self.names.reset()
                self.echo.requests.clear()
                self.sniffer.reset()
                self.repositories = None
                self.files = None
                self.arrivals.clear()
            case GetReport():
                return Answer(report=self._report(command))
        return Answer()

    def _report(self, command: GetReport) -> Report:
        calls = [call for call in self.model.calls if call.at >= command.since]
        return Report(
            at=time.time(),
            monotonic=time.monotonic(),
            arrivals=tuple(arrival for arrival in self.arrivals if arrival.at >= command.since),
            queries=tuple(query for query in self.names.queries if query.at >= command.since),
            model_calls=tuple(call if command.bodies else call.model_copy(update={"body": None}) for call in calls),
            requests=tuple(request for request in self.echo.requests if request.at >= command.since),
            sniffing=self.sniffer.running,
            flows=tuple(flow for flow in self.sniffer.flows if flow.at >= command.since),
            pushes=tuple(self.repositories.git.pushes) if self.repositories else (),
            kernel=kernel_counters(),
        )


def _arrival(transport: str, source: Endpoint, local: Endpoint, payload: bytes = b"") -> Arrival:
    return Arrival(
        at=time.time(), monotonic=time.monotonic(), transport=transport, source=source[0], source_port=source[1],
        address=local[0], port=local[1], received=payload[:1024].decode("latin-1"),
    )  # fmt: skip


def kernel_counters(proc: Path = Path("/proc/self/net")) -> dict[str, int]:
    """The counters of our network namespace: pairs of lines of names and values (snmp), names and values (snmp6)."""
    counters: dict[str, int] = {}
    lines = [line.split() for line in (proc / "snmp").read_text().splitlines()]
    for names, values in zip(lines[::2], lines[1::2], strict=True):
        counters |= {
            f"{names[0]}{name}".replace(":", "."): int(value) for name, value in zip(names[1:], values[1:], strict=True)
        }
    six = proc / "snmp6"
    if six.exists():
        pairs = (line.split() for line in six.read_text().splitlines())
        counters |= {name: int(value) for name, value in pairs}
    return counters
