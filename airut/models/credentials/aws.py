"""AWS credentials: as configured, and as one sandbox gets them (spec: credentials §6)."""

from typing import Annotated, Literal

from pydantic import Field

from airut.models.base import Model
from airut.models.credentials import surrogates
from airut.models.credentials.hosts import Hosts
from airut.models.credentials.secret import Present, Secret

Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class AwsNames(Model):
    """The variables that the sandbox gets the three surrogates in; the defaults are what every AWS SDK reads."""

    access_key_id: Variable = "AWS_ACCESS_KEY_ID"
    """For the id."""
    secret_access_key: Variable = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a name
    """For the key."""
    session_token: Variable = "AWS_SESSION_TOKEN"  # noqa: S105 - a name
    """For the session's token."""


class AwsCredential(Model):
    """An `aws` credential of airut.yaml: the sandbox signs with surrogates, the proxy checks and signs again."""

    kind: Literal["aws"]
    """An AWS access key."""
    access_key_id: Secret
    """The real id."""
    secret_access_key: Secret
    """The real key."""
    session_token: Secret | None = None
    """Of a temporary key."""
    optional: bool = False
    """Whether a source of it may have no value; then the sandbox has neither variables nor rule."""
    hosts: Hosts
    """Where requests are signed anew."""
    ports: Annotated[tuple[int, ...], Field(min_length=1)] = (443,)
    """Of these hosts."""
    names: AwsNames = AwsNames()
    """The variables in which the sandbox gets the stand-ins."""
    regions: tuple[str, ...] = ()
    """Only these; empty is all."""
    services: tuple[str, ...] = ()
    """Only these, as `s3`; empty is all."""
    allow_anonymous: bool = False
    """Whether unsigned requests may write to its hosts."""
    allow_sts: bool = False
    """Whether it may be exchanged for other keys, which the sandbox gets as surrogates."""

    def variables(self) -> tuple[str, ...]:
        """The names that it takes in the sandbox's environment."""
        token = (self.names.session_token,) if self.session_token is not None else ()
        return (self.names.access_key_id, self.names.secret_access_key, *token)

    def secrets(self) -> tuple[Secret, ...]:
        """Every real value of it."""
        return tuple(value for value in (self.access_key_id, self.secret_access_key, self.session_token) if value)


class AwsPart(Model):
    """One value and its surrogate; no value: there is none to be had now."""

    surrogate: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    value: Secret | None


class SandboxAwsCredential(Model):
    """An AWS credential with the surrogates of one thread."""

    name: str
    access_key_id: AwsPart
    secret_access_key: AwsPart
    session_token: AwsPart | None
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    names: AwsNames
    regions: tuple[str, ...]
    services: tuple[str, ...]
    allow_anonymous: bool
    allow_sts: bool

    def environment(self) -> dict[str, str]:
        """What the sandbox gets of it."""
        found = {
            self.names.access_key_id: self.access_key_id.surrogate,
            self.names.secret_access_key: self.secret_access_key.surrogate,
        }
        if self.session_token is not None:
            found[self.names.session_token] = self.session_token.surrogate
        return found

    def lacks_value(self) -> bool:
        """Whether a value of it is not to be had."""
        parts = (self.access_key_id, self.secret_access_key, self.session_token)
        return any(part is not None and part.value is None for part in parts)


def aws_for_sandbox(
    name: str, credential: AwsCredential, present: Present = Secret.fixed, *, key: bytes, thread: str, repo: str
) -> SandboxAwsCredential:
    """A configured credential with its surrogates for one thread. `key` is the installation's, 32 bytes."""

    def part(which: str, value: Secret) -> AwsPart:
        current = present(value)
        shape = surrogates.UNKNOWN if current is None else current.reveal()
        return AwsPart(surrogate=surrogates.surrogate(key, thread, repo, name, shape, part=which), value=current)

    token = credential.session_token
    return SandboxAwsCredential(
        name=name,
        access_key_id=part("access_key_id", credential.access_key_id),
        secret_access_key=part("secret_access_key", credential.secret_access_key),
        session_token=part("session_token", token) if token is not None else None,
        hosts=credential.hosts,
        ports=credential.ports,
        names=credential.names,
        regions=credential.regions,
        services=credential.services,
        allow_anonymous=credential.allow_anonymous,
        allow_sts=credential.allow_sts,
    )
