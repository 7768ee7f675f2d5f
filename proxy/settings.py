"""What the container is told from outside: where its files are, and the ports it binds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DNS_PORT = 53
PROBE_HOST = "ready.invalid"  # what the readiness probe asks for (RFC 6761 §6.4: nobody's name)


@dataclass(frozen=True)
class Ports:
    """The port a service has in the sandbox, and the one that is bound for it: the same, but for tests without root."""

    bound: Mapping[int, int] = field(default_factory=dict)

    def to_bind(self, port: int) -> int:
        """The port to bind for a port of the sandbox."""
        return self.bound.get(port, port)

    def of_bound(self, port: int) -> int:
        """The port of the sandbox that a bound one stands for."""
        return next((named for named, bound in self.bound.items() if bound == port), port)


@dataclass(frozen=True)
class Settings:
    """Paths and ports of one proxy."""

    rules: Path
    ca: Path
    log: Path
    ports: Ports

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """The container's contract; every default is its mount point.

        Raises:
            ValueError: `AIRUT_PROXY_PORTS` is not a list of `port=bound port`.
        """
        pairs = [pair.split("=") for pair in environment.get("AIRUT_PROXY_PORTS", "").split(",") if pair]
        return cls(
            rules=Path(environment.get("AIRUT_PROXY_RULES", "/run/airut/rules/rules.json")),
            ca=Path(environment.get("AIRUT_PROXY_CA", "/run/airut/ca/issuing.pem")),
            log=Path(environment.get("AIRUT_PROXY_LOG", "/run/airut/log")),
            ports=Ports({int(named): int(bound) for named, bound in pairs}),
        )
