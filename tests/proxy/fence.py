"""A real proxy process on loopback, with real TLS upstreams and a name server that knows them.

A service has one port everywhere: the proxy binds it on its own loopback address, the upstream on another one.
"""

import asyncio
import contextlib
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpcore
import httpx

from airut.adapters.ca import RootCa, issue_proxy_ca, load_or_create_root
from airut.demo.ports import EVERY_ADDRESS, free_port, free_ports
from tests.proxy.authority import Authority
from tests.proxy.documents import PROXY
from tests.proxy.nameserver import NameServer

REPOSITORY = Path(__file__).parents[2]
UPSTREAM = "127.88.0.1"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Fence:
    """The running proxy, and what surrounds it."""

    folder: Path
    root: RootCa
    authority: Authority
    names: NameServer
    upstream_dns: str
    https: int
    http: int
    dns: int
    process: asyncio.subprocess.Process | None = None
    seen: int = 0
    servers: list[asyncio.Server] = field(default_factory=list)

    @property
    def rules_file(self) -> Path:
        return self.folder / "rules" / "rules.json"

    @property
    def log_file(self) -> Path:
        return self.folder / "log" / "network.jsonl"

    def write_rules(self, document: dict[str, Any] | str) -> None:
        """Replaces the rules as the product does: written beside, renamed over."""
        if isinstance(document, dict):
            # Five times: each is asked for two seconds only, and it answers from this process.
            document = {**document, "upstream_dns": document["upstream_dns"] or [self.upstream_dns] * 5}
            if document["extra_ca_file"] is None:
                document["extra_ca_file"] = str(self.folder / "extra-ca.pem")
        text = document if isinstance(document, str) else json.dumps(document)
        beside = self.rules_file.with_suffix(".new")
        beside.write_text(text)
        beside.replace(self.rules_file)

    async def use(self, document: dict[str, Any]) -> None:
        """Has the proxy follow these rules, with a log that begins here."""
        if self.process is None:
            await self.start(document)
            return
        self.write_rules(document)
        ready = self.folder / "log" / "ready"
        async with asyncio.timeout(60):
            while json.loads(ready.read_text())["digest"] != document["digest"]:
                await asyncio.sleep(0.01)
        self.seen = len(self.log_file.read_text().splitlines())

    async def start(self, document: dict[str, Any], *, sabotage: str | None = None, patience: float = 60) -> None:
        """Starts the process and waits until it says that it is ready, for at most so many seconds.

        Raises:
            TimeoutError: tells what the process said, and where it was.
        """
        self.write_rules(document)
        await self.launch("tests.proxy.sabotage" if sabotage else "proxy", *([sabotage] if sabotage else []))
        ready = self.folder / "log" / "ready"
        end = time.monotonic() + patience
        while not ready.exists():
            if self.process is not None and self.process.returncode is not None:
                raise AssertionError(f"the proxy ended: {self.stderr()}")
            if time.monotonic() > end:
                said = self.stderr() if sabotage else await self._where()  # a sabotaged one is looked at further
                raise TimeoutError(f"the proxy is not ready after {patience:g} s: {said}")
            await asyncio.sleep(0.01)

    async def _where(self) -> str:
        """What the process has said, with a traceback of where it is; it ends by being asked."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGABRT)
            await self.process.wait()
        return self.stderr()

    async def launch(self, module: str, *arguments: str) -> None:
        """Starts the process."""
        ports = {443: self.https, 80: self.http, 53: self.dns}
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONFAULTHANDLER": "1",
            "AIRUT_PROXY_RULES": str(self.rules_file),
            "AIRUT_PROXY_CA": str(self.folder / "issuing.pem"),
            "AIRUT_PROXY_LOG": str(self.folder / "log"),
            "AIRUT_PROXY_PORTS": ",".join(f"{named}={bound}" for named, bound in ports.items()),
        }
        with (self.folder / "stderr").open("wb") as stderr:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", module, *arguments, env=environment, cwd=self.folder, stderr=stderr
            )

    def stderr(self) -> str:
        path = self.folder / "stderr"
        return path.read_text() if path.exists() else ""

    async def stop(self) -> None:
        for server in self.servers:
            server.close()
        self.names.close()
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                await self.process.wait()

    async def upstream(
        self,
        host: str,
        serve: Serve,
        *,
        tls: bool = True,
        alpn: list[str] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> int:
        """A server for a host name, known to the name server; its port."""
        port = free_port(EVERY_ADDRESS)
        context = context or (self.authority.server_context(host) if tls else None)
        if context is not None and alpn:
            context.set_alpn_protocols(alpn)
        self.servers.append(await asyncio.start_server(serve, UPSTREAM, port, ssl=context))
        self.names.names[host] = [UPSTREAM]
        return port

    def trust(self) -> ssl.SSLContext:
        """A client context that trusts the installation's root and nothing else."""
        return ssl.create_default_context(cadata=self.root.certificate_pem.decode())

    @contextlib.asynccontextmanager
    async def client(self, **given: Any) -> AsyncIterator[httpx.AsyncClient]:
        """A client for which every name is the proxy, as the sandbox's DNS says."""
        transport = httpx.AsyncHTTPTransport()
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=self.trust(), network_backend=_SandboxNetwork(self), **given
        )
        async with httpx.AsyncClient(transport=transport, timeout=60) as client:
            yield client

    async def connect(self, host: str | None, port: int, alpn: str | None = None) -> Connection:
        """A raw connection: TLS with this server name, or plain."""
        context = self.trust() if host else None
        if context is not None and alpn:
            context.set_alpn_protocols([alpn])
        return await asyncio.open_connection(PROXY, self.bound(port), ssl=context, server_hostname=host)

    async def exchange(self, host: str | None, port: int, data: bytes, *, answers: int = 1) -> bytes:
        """What comes back for these bytes, until the proxy closes, or has begun so many answers and falls silent."""
        reader, writer = await self.connect(host, port)
        writer.write(data)
        received, patience = b"", 60.0
        with contextlib.suppress(TimeoutError, ConnectionError):
            while piece := await asyncio.wait_for(reader.read(65_536), patience):
                received += piece
                patience = 60 if received.count(b"HTTP/1.1 ") < answers else 0.5
        writer.close()
        return received

    def bound(self, port: int) -> int:
        return {443: self.https, 80: self.http}.get(port, port)

    def log(self, kind: str = "http") -> list[dict[str, Any]]:
        """The access log's lines of one kind."""
        lines = [json.loads(line) for line in self.log_file.read_text().splitlines()[self.seen :]]
        return [line for line in lines if line["kind"] == kind]

    async def logged(self, count: int, kind: str = "http") -> list[dict[str, Any]]:
        """Waits for that many lines."""
        async with asyncio.timeout(60):
            while len(self.log(kind)) < count:
                await asyncio.sleep(0.01)
        return self.log(kind)


class _SandboxNetwork(httpcore.AnyIOBackend):
    """Every name is the proxy, as the sandbox's DNS says."""

    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    async def connect_tcp(self, host: str, port: int, *given: Any, **named: Any) -> httpcore.AsyncNetworkStream:
        return await super().connect_tcp(PROXY, self._fence.bound(port), *given, **named)


async def make_fence(folder: Path) -> Fence:
    """Everything but the process."""
    root = load_or_create_root(folder / "ca")
    authority = Authority()
    (folder / "issuing.pem").write_bytes(issue_proxy_ca(root))
    (folder / "extra-ca.pem").write_bytes(authority.pem)
    for name in ("rules", "log"):
        (folder / name).mkdir()
    names = NameServer()
    upstream_dns = await names.start()
    https, http, dns = free_ports(3, EVERY_ADDRESS)
    return Fence(folder, root, authority, names, upstream_dns, https, http, dns)
