"""Addresses and networks: a /28 for each sandbox, half of it its internal network, half its proxy's way out.

The way out is nobody else's. Before netavark 1.9 a bridge has the lowest hardware address of its members, so that one
which comes or goes changes it, and all that the others send is lost until they ask for it again, a minute or two later.
"""

import asyncio
import hashlib
import ipaddress
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from airut.adapters.podman.engine import Engine
from airut.errors import EngineError, NameTaken, NoAddresses, SandboxError

PREFIX = 28  # two networks of eight: network, broadcast, the gateway that Podman keeps for itself, proxy, agent
ULA = bytes.fromhex("fd41726b")
"""The beginning of all IPv6 networks of sandboxes: half of a random prefix, the other half is the IPv4 address."""
ROUTES = Path("/proc/net/route")

log = logging.getLogger(__name__)

type Addresses = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Subnet:
    """The addresses of one sandbox."""

    network: ipaddress.IPv4Network
    ipv6: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """What `str` wrote. Raises: ValueError"""
        network, _, rest = text.partition(" ")
        return cls(ipaddress.IPv4Network(network), ipv6=bool(rest))

    def __str__(self) -> str:
        return " ".join(str(network) for network in (self.network, self.network6) if network is not None)

    @property
    def inside(self) -> ipaddress.IPv4Network:
        """Where the agent and the proxy are."""
        return next(self.network.subnets())

    @property
    def outside(self) -> ipaddress.IPv4Network:
        """Where the proxy alone is."""
        _, second = self.network.subnets()
        return second

    @property
    def network6(self) -> ipaddress.IPv6Network | None:
        """With the IPv4 network's address in it, so that two are never the same (RFC 4193)."""
        if not self.ipv6:
            return None
        return ipaddress.IPv6Network((ULA + int(self.network.network_address).to_bytes(4) + bytes(8), 64))

    @property
    def networks(self) -> tuple[Addresses, ...]:
        """Of the inside, by family."""
        return (self.inside,) if self.network6 is None else (self.inside, self.network6)

    @property
    def proxy6(self) -> str | None:
        return str(self.network6[2]) if self.network6 else None

    @property
    def proxies(self) -> list[str]:
        """The proxy's addresses."""
        return [str(network[2]) for network in self.networks]

    @property
    def agents(self) -> list[str]:
        """The agent's addresses."""
        return [str(network[3]) for network in self.networks]

    @property
    def proxy(self) -> str:
        return str(self.network[2])

    @property
    def agent(self) -> str:
        return str(self.network[3])


def candidates(
    pool: ipaddress.IPv4Network, name: str, routes: Sequence[ipaddress.IPv4Network] = ()
) -> Iterator[Subnet]:
    """All subnets of the pool, from one that the name's hash picks, without those that a route of the host covers."""
    count = 2 ** (PREFIX - pool.prefixlen)
    first = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % count
    for step in range(count):
        base = int(pool.network_address) + ((first + step) % count) * 2 ** (32 - PREFIX)
        network = ipaddress.IPv4Network((base, PREFIX))
        if not any(network.overlaps(route) for route in routes):
            yield Subnet(network)


def parse_routes(table: str) -> list[ipaddress.IPv4Network]:
    """The destinations of `/proc/net/route`, default routes left out."""
    found: list[ipaddress.IPv4Network] = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 7 and fields[7] != "00000000":
            found.append(ipaddress.IPv4Network((_address(fields[1]), str(_address(fields[7])))))
    return found


def _address(field: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(bytes.fromhex(field)[::-1])


class Networks:
    """Internal networks by name. The engine's create call is the claim: nothing is stored, so nothing goes stale."""

    def __init__(self, engine: Engine, pool: ipaddress.IPv4Network) -> None:
        self._engine = engine
        self._pool = pool

    async def create(self, name: str, labels: dict[str, str], *, internal: bool, ipv6: bool = False) -> Subnet:
        """The network of one sandbox. An internal one leads nowhere; its proxy has another beside it, `way_out(name)`.

        Raises: NoAddresses, NameTaken, EngineUnavailable, EngineError
        """
        routes = parse_routes(ROUTES.read_text()) if ROUTES.exists() else []
        covered = [route for route in routes if route.overlaps(self._pool)]
        if covered:
            log.warning("sandbox.network.pool %s overlaps routes of this host: %s", self._pool, covered)
        for candidate in candidates(self._pool, name, covered):
            subnet = Subnet(candidate.network, ipv6=ipv6)
            if await self._claimed(name, labels, subnet.networks, internal=internal):
                if not internal or await self._claimed(way_out(name), labels, (subnet.outside,), internal=False):
                    return subnet
                await self.remove(name)
        raise NoAddresses(f"every /{PREFIX} of {self._pool} is in use (sandbox.network.pool)")

    async def remove(self, name: str) -> None:
        """A sandbox's network, and the way out beside it; absent is fine. Raises: EngineUnavailable, EngineError"""
        params = {"force": True}
        both = (name, way_out(name))
        await asyncio.gather(
            *(self._engine.delete(f"/networks/{each}", f"remove network {each}", params=params) for each in both)
        )

    async def labelled(self, *labels: str) -> list[dict[str, str]]:
        """The labels of all networks that carry these (`key=value`). Raises: EngineUnavailable, EngineError"""
        found = await self._engine.get("/networks/json", "list networks", params={"filters": {"label": list(labels)}})
        return [entry.get("labels") or {} for entry in found or []]

    async def _claimed(
        self, name: str, labels: dict[str, str], subnets: Sequence[Addresses], *, internal: bool
    ) -> bool:
        """False where somebody has one of the subnets. Raises: NameTaken, EngineUnavailable, EngineError"""
        body = {
            "name": name,
            "driver": "bridge",
            "internal": internal,
            "dns_enabled": False,
            "ipv6_enabled": any(subnet.version == 6 for subnet in subnets),
            "labels": labels,
            "options": {} if internal else {"isolate": "true"},
            "subnets": [{"subnet": str(subnet)} for subnet in subnets],
        }
        try:
            await self._engine.create("/networks/create", f"create network {name}", body)
        except SandboxError as error:
            if not _taken(error):
                raise
            return False
        return True


def way_out(name: str) -> str:
    """The network that the proxy of this internal one reaches the outside by."""
    return f"{name}-out"


def _taken(error: SandboxError) -> bool:
    words = str(error)
    return isinstance(error, EngineError | NameTaken) and "subnet" in words and "used" in words
