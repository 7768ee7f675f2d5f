"""The fence of one sandbox: an internal network and the proxy on it."""

import asyncio
import hashlib
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from airut.adapters.podman.bodies import proxy_body
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.files import HOSTS, make_folder, remove_folder, write_private
from airut.adapters.podman.launch import Launcher
from airut.adapters.podman.network import Networks, Subnet, way_out
from airut.adapters.podman.settings import SandboxSettings
from airut.errors import EngineError, NetworkLost
from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.hosts.sandbox import SandboxSpec

READY = 20.0  # seconds; a proxy is ready within two, and within ten on a host whose CPUs are all taken
READY_PROBE = 0.01  # a look at a file costs nothing, and every start waits for this one
log = logging.getLogger(__name__)


class Policy(Protocol):
    """What a proxy is given: its rules and a certificate authority of its own."""

    def rules(self, spec: SandboxSpec | None, listen: str, listen6: str | None = None) -> bytes:
        """`rules.json`; None denies everything. The addresses are the proxy's own.

        Raises:
            PolicyInvalid: the repository's allowlist is wrong.
        """
        ...

    def renewed(self, rules: bytes, credentials: tuple[AnySandboxCredential, ...]) -> bytes:
        """These rules with the values of now."""
        ...

    def extra_ca(self, spec: SandboxSpec) -> bytes:
        """PEM of authorities that the proxy trusts besides the public ones. Raises: ConfigError"""
        ...

    def issuing(self) -> bytes:
        """PEM: key, issuing certificate and root certificate for one proxy."""
        ...

    def roots(self) -> bytes:
        """PEM: the certificates that the agent trusts."""
        ...


@dataclass(frozen=True)
class Fence:
    """`folder` is on tmpfs and holds what only the containers may read; `log` is the access log's folder."""

    name: str
    subnet: Subnet
    folder: Path
    log: Path

    @property
    def network(self) -> str:
        return f"airut-{self.name}"

    @property
    def proxy(self) -> str:
        return f"airut-proxy-{self.name}"


class Fences:
    """Builds and removes fences. `image` is the proxy image's tag."""

    def __init__(
        self,
        containers: Containers,
        networks: Networks,
        launcher: Launcher,
        settings: SandboxSettings,
        policy: Policy,
        image: str,
    ) -> None:
        self._containers = containers
        self._networks = networks
        self._launcher = launcher
        self._settings = settings
        self._policy = policy
        self._image = image

    async def network(
        self, name: str, folder: Path, log_folder: Path, labels: dict[str, str], *, internal: bool = True
    ) -> Fence:
        """The network, and the folders. One that is not internal is no fence.

        Raises: NoAddresses, NameTaken, NoSpace, EngineUnavailable, EngineError
        """
        subnet = await self._networks.create(f"airut-{name}", labels, internal=internal, ipv6=self._settings.ipv6)
        fence = Fence(name, subnet, folder, log_folder)
        for part in (folder / "rules", folder / "ca", folder / "agent" / "out", log_folder):
            make_folder(part)
        (log_folder / "ready").unlink(missing_ok=True)
        write_private(folder / "hosts", HOSTS.format(name="proxy").encode())
        write_private(folder / "ca" / "issuing.pem", self._policy.issuing())
        described = {"name": name, "subnet": str(subnet), "made": time.time(), "stamp": self._stamp()}
        write_private(folder / "fence.json", json.dumps(described).encode())
        return fence

    def set_rules(self, fence: Fence, spec: SandboxSpec | None) -> str:
        """What the proxy enforces from its next request on; returns the digest that it answers with when it does.

        Raises: PolicyInvalid, ConfigError, NoSpace, EngineError
        """
        if spec and spec.network.extra_ca_files:
            write_private(fence.folder / "rules" / "extra-ca.pem", self._policy.extra_ca(spec))
        rules = self._policy.rules(spec, fence.subnet.proxy, fence.subnet.proxy6)
        write_private(fence.folder / "rules" / "rules.json", rules)
        return str(json.loads(rules)["digest"])

    def renew_rules(self, folder: Path, credentials: tuple[AnySandboxCredential, ...]) -> None:
        """The values of now for the fence of this folder, whose proxy looks at its rules with each request. Absent is
        fine.

        Raises: NoSpace, EngineError
        """
        path = folder / "rules" / "rules.json"
        try:
            rules = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise EngineError(f"cannot read {path}: {error.strerror}") from error
        renewed = self._policy.renewed(rules, credentials)
        if renewed != rules:
            write_private(path, renewed)

    async def start_proxy(self, fence: Fence, labels: dict[str, str]) -> None:
        """Raises: ImageMissing, NetworkLost, NoSpace, EngineUnavailable, EngineError"""
        networks = {fence.network: {"static_ips": fence.subnet.proxies}, way_out(fence.network): {}}
        await self._launcher.launch(
            fence.proxy, labels, lambda place: proxy_body(self._image, place, networks, fence.folder, fence.log)
        )

    async def until_ready(self, fence: Fence, digest: str) -> None:
        """Until the proxy serves the rules of this digest, on all their ports.

        Raises:
            NetworkLost: the proxy ended, or does not answer.
            EngineUnavailable, EngineError
        """
        end = time.monotonic() + READY
        look = time.monotonic() + 1
        while _announced(fence.log / "ready") != digest:
            now = time.monotonic()
            if now > look:
                look = now + 1
                if now > end or not await self.alive(fence.name):
                    words = await self._containers.log(fence.proxy)
                    raise NetworkLost(f"the proxy of sandbox {fence.name} did not start: {words[-2000:]}")
            await asyncio.sleep(READY_PROBE)

    async def alive(self, name: str) -> bool:
        """Whether the proxy of this fence runs. Raises: EngineUnavailable, EngineError"""
        container = await self._containers.inspect(f"airut-proxy-{name}")
        return container is not None and container.running

    async def named(self, labels: dict[str, str]) -> list[str]:
        """The fences of which a proxy or a network with these labels exists. Raises: EngineUnavailable, EngineError"""
        wanted = [f"{key}={value}" for key, value in labels.items()]
        proxies = await self._containers.labelled(*wanted)
        networks = await self._networks.labelled(*wanted)
        return sorted({found["airut.fence"] for found in (*proxies, *networks) if "airut.fence" in found})

    async def has_agent(self, name: str) -> bool:
        """Whether a sandbox has this fence: its agent's container exists. Raises: EngineUnavailable, EngineError"""
        installation = f"airut.installation={self._settings.installation}"
        return bool(await self._containers.labelled(installation, "airut.role=agent", f"airut.fence={name}"))

    def find(self, folder: Path, log_folder: Path) -> Fence | None:
        """The fence whose folder this is, None where there is none."""
        try:
            described = json.loads((folder / "fence.json").read_bytes())
            subnet = Subnet.parse(described["subnet"])
        except (OSError, ValueError, KeyError):
            return None
        return Fence(described["name"], subnet, folder, log_folder)

    def current(self, folder: Path, max_age: float) -> bool:
        """Whether the fence of this folder was made lately, and from the image, authority and pool of now."""
        try:
            described = json.loads((folder / "fence.json").read_bytes())
        except (OSError, ValueError):
            return False
        return bool(described["stamp"] == self._stamp() and time.time() - described["made"] < max_age)

    def _stamp(self) -> str:
        settings = self._settings
        made_from = f"{self._image}\n{settings.pool}\n{settings.ipv6}\n{settings.installation}\n".encode()
        return hashlib.sha256(made_from + self._policy.roots()).hexdigest()

    async def remove(self, name: str, folder: Path) -> None:
        """Proxy, networks and folder; absent is fine. Raises: EngineUnavailable, EngineError"""
        await self._containers.remove(f"airut-proxy-{name}")
        await self._networks.remove(f"airut-{name}")
        remove_folder(folder)


def _announced(ready: Path) -> str | None:
    """The digest of the rules that the proxy says it serves."""
    try:
        return str(json.loads(ready.read_bytes())["digest"])
    except (OSError, ValueError, KeyError):
        return None
