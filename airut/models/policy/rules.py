"""The rule set of one sandbox as the proxy reads it (network.md §10).

Its JSON is the whole interface between the product and `proxy/`, which imports nothing of ours; a property test holds
both sides to it.
"""

import ipaddress
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.policy.allowlist import Foreign, Scheme
from airut.models.values.json_pointer import Pointer


def _network(text: str) -> str:
    ipaddress.ip_network(text)
    return text


def _address6(text: str) -> str:
    ipaddress.IPv6Address(text)
    return text


def _address(text: str) -> str:
    ipaddress.ip_address(text)
    return text


def _port(number: int) -> int:
    if number == 53:
        raise ValueError("53 is the name server's")
    return number


Network = Annotated[str, AfterValidator(_network)]
Port = Annotated[int, Field(ge=1, le=65_535), AfterValidator(_port)]
Text = Annotated[str, Field(min_length=1)]


class _Wire(Model):
    """Strict: the proxy takes no number for a string, and no member that it does not know."""

    model_config = ConfigDict(strict=True)


class RuleGraphql(_Wire):
    """Patterns of root fields, by kind of operation."""

    queries: tuple[str, ...]
    mutations: tuple[str, ...]
    subscriptions: tuple[str, ...]


class RuleEntry(_Wire):
    """One entry; empty means any, `ports` empty the scheme's own."""

    rule: str
    host: Text
    path: Text | None
    methods: tuple[str, ...]
    query: dict[str, tuple[str, ...]] | None
    schemes: Annotated[tuple[Scheme, ...], Field(min_length=1)]
    ports: tuple[Port, ...]
    addresses: tuple[Network, ...]
    foreign_credentials: Foreign | None
    origin: Literal["domains", "url_prefixes", "preset"]
    graphql: RuleGraphql | None
    comment: str | None


class RuleMint(_Wire):
    """Answers of a path that hand out another credential; no hosts: it is for the same ones."""

    path: Annotated[str, Field(pattern="^/")]
    fields: Annotated[tuple[Pointer, ...], Field(min_length=1)]
    hosts: tuple[str, ...]
    ttl: Annotated[int, Field(ge=1)]


class RuleCredential(_Wire):
    """One credential with its real value; None while there is none to be had, when requests that need it get 503."""

    name: str
    kind: Literal["token", "claude", "github_app"]
    surrogate: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    value: Secret | None
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    headers: tuple[str, ...]
    query: tuple[str, ...]
    pointers: tuple[Pointer, ...]
    methods: tuple[str, ...]
    foreign: Foreign
    mints: tuple[RuleMint, ...]


class RulePart(_Wire):
    """One value of a credential that has several; None while there is none to be had."""

    surrogate: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    value: Secret | None


class RuleAws(_Wire):
    """One AWS credential: the proxy signs anew what was signed with its surrogates."""

    name: str
    access_key_id: RulePart
    secret_access_key: RulePart
    session_token: RulePart | None
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    regions: tuple[str, ...]
    services: tuple[str, ...]
    allow_anonymous: bool
    allow_sts: bool

    def parts(self) -> tuple[RulePart, ...]:
        """Its values, of which a token may be missing."""
        return (self.access_key_id, self.secret_access_key, *([self.session_token] if self.session_token else []))


class RuleRepository(_Wire):
    """One repository, as GitHub numbers and names it."""

    id: Annotated[int, Field(strict=True, gt=0)]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$")]


class RuleRepositoryScope(_Wire):
    """What GraphQL may name on the hosts of a GitHub App's token."""

    credential: str
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    repositories: tuple[RuleRepository, ...]


class Sandbox(_Wire):
    """Whose traffic it is."""

    id: str
    thread: str
    task: str
    attempt: int
    trace_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """Of the trace that its requests belong to, where there is one. Absent on the wire where there is none, since a
    proxy of an earlier version knows of none."""


class Limits(_Wire):
    """Room for limits that an operator may set; none yet."""


class RuleSet(_Wire):
    """Everything the proxy of one sandbox decides by."""

    version: Annotated[int, Field(strict=True, ge=1, le=1)]
    """No `Literal`, which would take `true` for 1."""
    digest: str
    sandbox: Sandbox
    listen: Annotated[str, AfterValidator(_address)]
    listen6: Annotated[str, AfterValidator(_address6)] | None
    entries: tuple[RuleEntry, ...]
    credentials: tuple[RuleCredential, ...]
    aws: tuple[RuleAws, ...]
    repository_scopes: tuple[RuleRepositoryScope, ...]
    model_hosts: tuple[str, ...]
    upstream_dns: tuple[str, ...]
    private_ranges: tuple[Network, ...]
    extra_ca_file: str | None
    limits: Limits

    @model_validator(mode="after")
    def _distinct_surrogates(self) -> "RuleSet":
        surrogates = [credential.surrogate for credential in self.credentials]
        surrogates += [part.surrogate for credential in self.aws for part in credential.parts()]
        if len(set(surrogates)) != len(surrogates):
            raise ValueError("two credentials have one surrogate")
        return self

    def to_wire(self) -> bytes:
        """`rules.json`, real values included: for the folder on tmpfs that only the proxy reads, and nothing else."""
        document: dict[str, Any] = self.model_dump(mode="json")
        if self.sandbox.trace_id is None:
            del document["sandbox"]["trace_id"]
        for shown, credential in zip(document["credentials"], self.credentials, strict=True):
            shown["value"] = _revealed(credential.value)
        for shown, aws in zip(document["aws"], self.aws, strict=True):
            for which in ("access_key_id", "secret_access_key", "session_token"):
                part: RulePart | None = getattr(aws, which)
                if part is not None:
                    shown[which]["value"] = _revealed(part.value)
        return json.dumps(document, ensure_ascii=True, indent=1).encode()


def _revealed(value: Secret | None) -> str | None:
    return None if value is None else value.reveal()
