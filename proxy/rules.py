"""The rule set of one sandbox: what the proxy decides by. `rules_document` reads it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from proxy.aws.credential import AwsCredential

Scheme = Literal["https", "http"]
Foreign = Literal["allow", "strip", "block"]
Origin = Literal["domains", "url_prefixes", "preset"]
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS: Mapping[str, int] = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Graphql:
    """Which root fields an endpoint's operations may have; a kind without patterns may not be asked for at all."""

    queries: tuple[str, ...]
    mutations: tuple[str, ...]
    subscriptions: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One line of the allowlist; an empty tuple means "any", no ports mean the scheme's own."""

    rule: str
    host: str
    path: str | None
    methods: tuple[str, ...]
    query: Mapping[str, tuple[str, ...]] | None
    schemes: tuple[Scheme, ...]
    ports: tuple[int, ...]
    addresses: tuple[IPNetwork, ...]
    foreign_credentials: Foreign | None
    origin: Origin
    graphql: Graphql | None
    comment: str | None = None


@dataclass(frozen=True)
class MintRule:
    """Answers of a path that hand out another credential: where it stands, for which hosts it is (none: the same), and
    for how many seconds it is good when the answer does not say."""

    path: str
    fields: tuple[str, ...]
    hosts: tuple[str, ...]
    ttl: int


@dataclass(frozen=True)
class Credential:
    """A real value and the surrogate that stands for it in the sandbox; no value: there is none to be had now."""

    name: str
    kind: str
    surrogate: str
    value: str | None = field(repr=False)
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    headers: tuple[str, ...]
    query: tuple[str, ...]
    pointers: tuple[str, ...]
    methods: tuple[str, ...]
    foreign: Foreign
    mints: tuple[MintRule, ...]


@dataclass(frozen=True)
class RepositoryScope:
    """The repositories that a GitHub App's token is for: what GraphQL may name on its hosts, by number or by name."""

    credential: str
    hosts: tuple[str, ...]
    ids: frozenset[int]
    names: frozenset[str]
    """`owner/name`, in lower case."""

    @property
    def owners(self) -> frozenset[str]:
        """Who owns one of them."""
        return frozenset(name.partition("/")[0] for name in self.names)


@dataclass(frozen=True)
class Sandbox:
    """Whose traffic this is, for the log."""

    id: str
    thread: str
    task: str
    attempt: int
    trace_id: str = ""


@dataclass(frozen=True)
class Rules:
    """Everything the proxy decides by."""

    digest: str
    sandbox: Sandbox
    listen: str
    listen6: str | None
    entries: tuple[Entry, ...]
    credentials: tuple[Credential, ...]
    aws: tuple[AwsCredential, ...]
    repository_scopes: tuple[RepositoryScope, ...]
    model_hosts: tuple[str, ...]
    upstream_dns: tuple[str, ...]
    private_ranges: tuple[IPNetwork, ...]
    extra_ca_file: str | None

    @property
    def own_addresses(self) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
        """The proxy's addresses in the sandbox network: one, or one of each family."""
        return tuple(ipaddress.ip_address(text) for text in (self.listen, self.listen6) if text is not None)

    def secrets(self) -> dict[str, str]:
        """Every real value, with the surrogate that the sandbox has for it."""
        found = [(credential.value, credential.surrogate) for credential in self.credentials]
        found += [(part.value, part.surrogate) for credential in self.aws for part in credential.parts()]
        return {value: surrogate for value, surrogate in found if value is not None}

    def surrogates(self) -> list[str]:
        """Everything that the sandbox has in place of a real value."""
        parts = [part.surrogate for credential in self.aws for part in credential.parts()]
        return [*(credential.surrogate for credential in self.credentials), *parts]

    def named_values(self) -> list[tuple[str, str]]:
        """Every real value, with the name of its credential."""
        parts = [(credential.name, part.value) for credential in self.aws for part in credential.parts()]
        found = [*((credential.name, credential.value) for credential in self.credentials), *parts]
        return [(name, value) for name, value in found if value is not None]

    def tcp_ports(self) -> tuple[int, ...]:
        """The ports to listen on: TLS, plain http, and those that entries name."""
        named = {port for entry in self.entries for port in entry.ports}
        return tuple(sorted({*DEFAULT_PORTS.values(), *named}))
