"""An AWS credential in its parts, each with the surrogate that the sandbox has for it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """One value and its surrogate."""

    surrogate: str
    value: str = field(repr=False)


@dataclass(frozen=True)
class AwsCredential:
    """A key pair, with a session token or without; empty regions and services mean any."""

    name: str
    key_id: Part
    secret: Part
    token: Part | None
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    regions: tuple[str, ...]
    services: tuple[str, ...]
    allow_anonymous: bool

    def parts(self) -> tuple[Part, ...]:
        """Everything of it that a response must not hold."""
        return (self.key_id, self.secret, *([self.token] if self.token else []))
