"""Three ways from one client to one server: with nothing between, through a plain mitmdump, through the fence.

Both proxies run in the same image with the same limits, between the same networks, and stream.
"""

import asyncio
import contextlib
import ipaddress
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airut.adapters.ca import load_or_create_root
from airut.adapters.fence_rules import FenceRules
from airut.adapters.podman.bodies import Bind, Placement, hardened, proxy_body
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Body, Engine
from airut.adapters.podman.fence import Fence, Fences
from airut.adapters.podman.files import HOSTS
from airut.adapters.podman.launch import Launcher
from airut.adapters.podman.network import Networks
from airut.adapters.podman.proxy_image import ProxyImage
from airut.adapters.podman.seccomp import SeccompProfile
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.demo.internet import Internet
from airut.demo.tls import Authority
from airut.models.credentials.kinds import Credential, SandboxCredential, for_sandbox
from airut.models.credentials.secret import Secret
from airut.models.hosts.sandbox import Limits, NetworkSpec, SandboxSpec
from tests.bench.fence.client import HOST, PORT
from tests.support.podman_images import ROOT, podman_images

HERE = Path(__file__).parent
UP = ipaddress.IPv4Network("10.198.1.0/28")
PLAIN = ipaddress.IPv4Network("10.198.2.0/28")
OUT = ipaddress.IPv4Network("10.198.4.0/28")
ENTRIES = 100
LANES = ("direct", "mitmdump", "fence")
MITMDUMP = (
    "mitmdump", "--quiet", "--mode", f"reverse:https://{HOST}@{PORT}", "--set", "confdir=/tmp/mitmproxy",
    "--set", "connection_strategy=lazy", "--set", "upstream_cert=false", "--set", "keep_host_header=true",
    "--set", "http3=false", "--set", "stream_large_bodies=1",
    "--set", "ssl_verify_upstream_trusted_ca=/run/airut/ca/upstream.pem",
)  # fmt: skip
"""What the fence sets in mitmproxy, and streaming, which the fence always does."""


def allowlist(entries: int = ENTRIES) -> str:
    """Of that many entries, of which the last but one admits the bench's requests."""
    lines = ["domains:", *(f"  - '*.service-{number}.example.net'" for number in range(entries // 2 - 1))]
    lines += ["url_prefixes:"]
    for number in range(entries - entries // 2 - 1):
        lines.append(f"  - {{host: {HOST}, path: '/api/v{number}/*', methods: [GET, POST], query: {{page: '*'}}}}")
    lines.append(f"  - {{host: {HOST}, methods: [GET], addresses: ['{UP}']}}")
    return "\n".join([*lines, "  - {host: last.example.com}", ""])


def credentials() -> tuple[SandboxCredential, ...]:
    """One that each request carries, and three more whose values are looked for in what comes back."""
    scopes = {"BENCH_TOKEN": HOST, "OTHER_TOKEN": "api.github.com", "NPM_TOKEN": "*.npmjs.org", "PYPI": "pypi.org"}
    return tuple(
        for_sandbox(
            name,
            Credential(value=Secret(f"tok_{secrets.token_hex(20)}"), hosts=(host,)),
            key=b"k" * 32,
            thread="bench",
            repo="web",
        )
        for name, host in scopes.items()
    )


def network_spec(extra_ca: Path) -> NetworkSpec:
    """Everything on."""
    return NetworkSpec(
        allowlist=allowlist(),
        repository="acme/web",
        credentials=credentials(),
        upstream_dns=(os.environ["AIRUT_LAB_DNS"],),
        private_ranges=(str(UP),),
        extra_ca_files=(extra_ca,),
    )


@dataclass(frozen=True)
class Use:
    """Of one proxy process since its start."""

    cpu: float
    """Seconds."""
    now: int
    """Bytes resident."""
    most: int


@dataclass
class Lanes:
    """The running containers."""

    containers: dict[str, str]
    """By lane; direct has none."""
    addresses: dict[str, str]
    token: str
    client: asyncio.subprocess.Process
    engine: Engine

    async def ask(self, lane: str, do: str, **order: object) -> Any:
        """What the client says of an order. Raises: RuntimeError"""
        assert self.client.stdin
        assert self.client.stdout
        told = {"do": do, "address": self.addresses[lane], "token": self.token, **order}
        self.client.stdin.write(json.dumps(told).encode() + b"\n")
        await self.client.stdin.drain()
        line = await self.client.stdout.readline()
        if not line:
            raise RuntimeError(f"the client of the bench ended at {lane}: {do} {order}")
        return json.loads(line)

    async def use(self, lane: str) -> Use:
        """What the lane's proxy has used; nothing where there is none."""
        if lane not in self.containers:
            return Use(0, 0, 0)
        found = await self.engine.get(f"/containers/{self.containers[lane]}/json", "inspect")
        return process_use(found["State"]["Pid"])


def process_use(pid: int) -> Use:
    proc = Path("/proc") / str(pid)
    ticks = [int(field) for field in (proc / "stat").read_text().rpartition(")")[2].split()[11:13]]
    lines = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    resident, most = (int(lines[name].split()[0]) * 1024 for name in ("VmRSS", "VmHWM"))
    return Use(sum(ticks) / os.sysconf("SC_CLK_TCK"), resident, most)


def settings_of(folder: Path) -> SandboxSettings:
    return SandboxSettings(
        installation="bench",
        host="here",
        state=folder / "state",
        enforce=Enforce.BEST_EFFORT,
        cgroup_parent=os.environ.get("AIRUT_CGROUP_PARENT"),
        warm=0,
    )


class Ground:
    """What the lanes stand on: the product's adapters, with folders and an authority of their own."""

    def __init__(self, folder: Path, engine: Engine, image: str, proxy_image: str, policy: FenceRules) -> None:
        self.folder, self.engine, self.image, self.proxy_image, self.policy = folder, engine, image, proxy_image, policy
        self.settings = settings_of(folder)
        self.containers = Containers(engine)
        self.networks = Networks(engine, self.settings.pool)
        self.launcher = Launcher(self.containers, self.settings, SeccompProfile(engine, self.settings.state))
        self.fences = Fences(self.containers, self.networks, self.launcher, self.settings, policy, proxy_image)
        self.authority = Authority.create("Bench")
        self.upstream_ca = folder / "upstream.pem"
        self.upstream_ca.write_bytes(self.authority.certificate_pem)
        self.rules = network_spec(self.upstream_ca)

    @classmethod
    @contextlib.asynccontextmanager
    async def made(cls, folder: Path) -> AsyncIterator["Ground"]:
        engine = Engine()
        try:
            root = load_or_create_root(ROOT)
            settings = settings_of(folder)
            settings.state.mkdir()
            images = podman_images(engine, root, settings)
            policy = FenceRules(root)
            yield cls(folder, engine, await images.ensure("web", None), await ProxyImage(engine).ensure(), policy)
        finally:
            await engine.close()

    async def network(self, name: str, subnet: ipaddress.IPv4Network, *, internal: bool) -> None:
        body: Body = {
            "name": name, "driver": "bridge", "internal": internal, "dns_enabled": False, "ipv6_enabled": False,
            "subnets": [{"subnet": str(subnet)}],
        }  # fmt: skip
        await self.engine.post("/networks/create", f"create network {name}", body=body)

    async def mitmdump(self, name: str, network: str, address: str) -> str:
        """A container with a plain mitmdump; its name."""
        folder = self.folder / name
        for part in ("rules", "ca", "log"):
            (folder / part).mkdir(parents=True)
        shutil.copy(self.upstream_ca, folder / "ca")
        (folder / "hosts").write_text(HOSTS.format(name="proxy") + f"{UP[3]} {HOST}\n")
        networks: dict[str, Body] = {network: {"static_ips": [address]}, "bench-out": {}}

        def body(place: Placement) -> Body:
            made = proxy_body(self.proxy_image, place, networks, folder, folder / "log")
            return {**made, "entrypoint": list(MITMDUMP)}

        await self.launcher.launch(name, {}, body)
        return name

    async def fence(self, name: str) -> Fence:
        """The product's own, with all rules on."""
        labels = self.settings.labels("bench", fence=name)
        fence = await self.fences.network(name, self.folder / name, self.folder / f"{name}-log", labels)
        digest = self.fences.set_rules(fence, self.spec(self.rules))
        await self.fences.start_proxy(fence, labels)
        await self.fences.until_ready(fence, digest)
        return fence

    def spec(self, network: NetworkSpec, script: str = "true", number: int = 1) -> SandboxSpec:
        """A sandbox that runs a script."""
        made = f"{number:012x}"
        return SandboxSpec(
            sandbox_id=made, thread="bench", task=f"bench/task-{number}", attempt=1, repo="web", image=self.image,
            command=("sh", "-c", script), stdin="", environment={}, mounts=(),
            folder=self.folder / "sandboxes" / made, network=network, limits=Limits(memory=512 * 1024**2, cpus=1, pids=200),
        )  # fmt: skip

    async def upstream(self) -> None:
        """The server; and its name is known in the lab."""
        program = self.folder / "program"
        program.mkdir()
        for source in ("upstream.py", "client.py"):
            shutil.copy(HERE / source, program)
        (program / "upstream.pem").write_bytes(b"".join(self.authority.leaf(HOST)))
        command = ["python3", "/bench/upstream.py", str(UP[3]), str(PORT), "/bench/upstream.pem"]

        def body(place: Placement) -> Body:
            limits = Limits(memory=512 * 1024**2, cpus=2, pids=256)
            return hardened(self.proxy_image, place, limits, [Bind(program, "/bench").body()]) | {
                "entrypoint": command,
                "networks": {"bench-up": {"static_ips": [str(UP[3])]}},
                "sysctl": {"net.ipv4.ip_unprivileged_port_start": "0"},
            }

        await self.launcher.launch("bench-upstream", {}, body)
        await Internet.from_environment().set_name(HOST, str(UP[3]))

    @contextlib.asynccontextmanager
    async def lanes(self) -> AsyncIterator[Lanes]:
        """All three, ready."""
        await self.network("bench-up", UP, internal=False)
        await self.network("bench-plain", PLAIN, internal=True)
        await self.network("bench-out", OUT, internal=False)
        await self.upstream()
        plain = await self.mitmdump("bench-mitmdump", "bench-plain", str(PLAIN[2]))
        fence = await self.fence("bench")
        networks = f"{fence.network}:ip={fence.subnet.agent}", f"bench-up:ip={UP[4]}", f"bench-plain:ip={PLAIN[4]}"
        client = await asyncio.create_subprocess_exec(
            "podman", "run", "--rm", "--interactive", "--name=bench-client", "--no-hosts",
            f"--volume={self.folder}/program:/bench:ro", *(f"--network={network}" for network in networks),
            "--entrypoint=python3", self.proxy_image, "/bench/client.py",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
        )  # fmt: skip
        made = Lanes(
            containers={"mitmdump": plain, "fence": fence.proxy},
            addresses={"direct": str(UP[3]), "mitmdump": str(PLAIN[2]), "fence": fence.subnet.proxy},
            token=next(iter(self.rules.credentials[0].environment().values())),
            client=client,
            engine=self.engine,
        )
        try:
            yield made
        finally:
            await self._remove(client, fence)

    async def _remove(self, client: asyncio.subprocess.Process, fence: Fence) -> None:
        assert client.stdin
        client.stdin.close()
        for name in ("bench-client", "bench-mitmdump", "bench-upstream"):
            await self.containers.remove(name)
        await client.wait()
        await self.fences.remove(fence.name, fence.folder)
        for network in ("bench-up", "bench-plain", "bench-out"):
            await self.networks.remove(network)
