"""An AWS credential in its parts, each with the surrogate that the sandbox has for it."""

from __future__ import annotations

from dataclasses import dataclass, field

SECURITY_TOKEN = b"x-amz-security-token"
S3_SESSION_TOKEN = b"x-amz-s3session-token"  # of a session that S3's CreateSession began
TOKEN_FIELDS = {SECURITY_TOKEN: b"X-Amz-Security-Token", S3_SESSION_TOKEN: b"X-Amz-S3session-Token"}


@dataclass(frozen=True)
class Part:
    """One value and its surrogate; no value: there is none to be had now."""

    surrogate: str
    value: str | None = field(repr=False)

    @property
    def real(self) -> str:
        """The value.

        Raises:
            ValueError: there is none; whoever signs asks `is_available` first.
        """
        if self.value is None:
            raise ValueError("no value to be had")
        return self.value


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
    allow_sts: bool
    token_field: bytes = SECURITY_TOKEN
    """Which header field, or query parameter, its token is sent in."""

    @property
    def is_available(self) -> bool:
        """Whether there is a value for each of its parts."""
        return all(part.value is not None for part in self.parts())

    def parts(self) -> tuple[Part, ...]:
        """Everything of it that a response must not hold."""
        return (self.key_id, self.secret, *([self.token] if self.token else []))
