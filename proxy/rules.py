"""The rule set of one sandbox, as `rules.json` (version 1) says it: strict, because what cannot be read blocks."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from proxy import hosts
from proxy.aws.credential import AwsCredential, Part

VERSION = 1
Scheme = Literal["https", "http"]
Foreign = Literal["allow", "strip", "block"]
Origin = Literal["domains", "url_prefixes", "preset"]
_SURROGATE = re.compile(r"[\x21-\x7e]+\Z")
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
DEFAULT_PORTS: Mapping[str, int] = {"https": 443, "http": 80}


class RulesError(ValueError):
    """The document is not a rule set of this version; its text never contains a value of the document."""


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


@dataclass(frozen=True)
class Credential:
    """A real value and the surrogate that stands for it in the sandbox."""

    name: str
    kind: str
    surrogate: str
    value: str = field(repr=False)
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    headers: tuple[str, ...]
    query: tuple[str, ...]
    methods: tuple[str, ...]
    foreign: Foreign


@dataclass(frozen=True)
class Sandbox:
    """Whose traffic this is, for the log."""

    id: str
    thread: str
    task: str
    attempt: int


@dataclass(frozen=True)
class Rules:
    """Everything the proxy decides by."""

    digest: str
    sandbox: Sandbox
    listen: str
    entries: tuple[Entry, ...]
    credentials: tuple[Credential, ...]
    aws: tuple[AwsCredential, ...]
    upstream_dns: tuple[str, ...]
    private_ranges: tuple[IPNetwork, ...]
    extra_ca_file: str | None

    @property
    def listen_address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
        """The proxy's own address in the sandbox network."""
        return ipaddress.ip_address(self.listen)

    def secrets(self) -> dict[str, str]:
        """Every real value, with the surrogate that the sandbox has for it."""
        parts = {part.value: part.surrogate for credential in self.aws for part in credential.parts()}
        return {credential.value: credential.surrogate for credential in self.credentials} | parts

    def named_values(self) -> list[tuple[str, str]]:
        """Every real value, with the name of its credential."""
        parts = [(credential.name, part.value) for credential in self.aws for part in credential.parts()]
        return [*((credential.name, credential.value) for credential in self.credentials), *parts]

    def tcp_ports(self) -> tuple[int, ...]:
        """The ports to listen on: TLS, plain http, and those that entries name."""
        named = {port for entry in self.entries for port in entry.ports}
        return tuple(sorted({*DEFAULT_PORTS.values(), *named}))


class _Reader:
    """Takes typed members out of one JSON object; anything missing, extra or of another type is an error."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise RulesError(f"{where}: not an object")
        self._members = cast(dict[str, Any], dict(value))
        self._where = where

    def _take(self, name: str) -> Any:
        if name not in self._members:
            raise RulesError(f"{self._where}.{name}: missing")
        return self._members.pop(name)

    def text(self, name: str) -> str:
        value = self._take(name)
        if not isinstance(value, str):
            raise RulesError(f"{self._where}.{name}: not a string")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._members.get(name, "") is None and self._take(name) is None else self.text(name)

    def has(self, name: str) -> bool:
        """Whether a member that may be null is there and is not; a null is taken."""
        if name not in self._members:
            raise RulesError(f"{self._where}.{name}: missing")
        return self._members[name] is not None or self._take(name) is not None

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise RulesError(f"{self._where}.{name}: not true or false")
        return value

    def number(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RulesError(f"{self._where}.{name}: not a whole number")
        return value

    def items(self, name: str) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list):
            raise RulesError(f"{self._where}.{name}: not a list")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        return _texts(self.items(name), f"{self._where}.{name}")

    def schemes(self, name: str) -> tuple[Scheme, ...]:
        values = self.texts(name)
        if any(value not in get_args(Scheme) for value in values):
            raise RulesError(f"{self._where}.{name}: unknown value")
        return cast(tuple[Scheme, ...], values)

    def ports(self, name: str) -> tuple[int, ...]:
        values = self.items(name)
        if any(not isinstance(v, int) or isinstance(v, bool) or not 0 < v < 65_536 or v == 53 for v in values):
            raise RulesError(f"{self._where}.{name}: not ports")
        return tuple(values)

    def networks(self, name: str) -> tuple[IPNetwork, ...]:
        try:
            return tuple(ipaddress.ip_network(text) for text in self.texts(name))
        except ValueError as error:
            raise RulesError(f"{self._where}.{name}: not networks") from error

    def child(self, name: str) -> _Reader:
        return _Reader(self._take(name), f"{self._where}.{name}")

    def query(self, name: str) -> Mapping[str, tuple[str, ...]] | None:
        value = self._take(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise RulesError(f"{self._where}.{name}: not an object")
        return {key: _texts(patterns, f"{self._where}.{name}") for key, patterns in value.items()}

    def foreign(self, name: str) -> Foreign:
        value = self.text(name)
        if value not in get_args(Foreign):
            raise RulesError(f"{self._where}.{name}: unknown value")
        return cast(Foreign, value)

    def optional_foreign(self, name: str) -> Foreign | None:
        return None if self._members.get(name, "") is None and self._take(name) is None else self.foreign(name)

    def origin(self, name: str) -> Origin:
        value = self.text(name)
        if value not in get_args(Origin):
            raise RulesError(f"{self._where}.{name}: unknown value")
        return cast(Origin, value)

    def graphql(self, name: str) -> Graphql | None:
        value = self._take(name)
        if value is None:
            return None
        reader = _Reader(value, f"{self._where}.{name}")
        graphql = Graphql(reader.texts("queries"), reader.texts("mutations"), reader.texts("subscriptions"))
        reader.finish()
        return graphql

    def finish(self) -> None:
        if self._members:
            raise RulesError(f"{self._where}: unknown members {sorted(self._members)}")


def _texts(values: object, where: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise RulesError(f"{where}: not a list of strings")
    return tuple(cast(list[str], values))


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RulesError("duplicate member names")
    return members


def _entry(value: object, where: str) -> Entry:
    reader = _Reader(value, where)
    entry = Entry(
        rule=reader.text("rule"),
        host=reader.text("host"),
        path=reader.optional_text("path"),
        methods=reader.texts("methods"),
        query=reader.query("query"),
        schemes=reader.schemes("schemes"),
        ports=reader.ports("ports"),
        addresses=reader.networks("addresses"),
        foreign_credentials=reader.optional_foreign("foreign_credentials"),
        origin=reader.origin("origin"),
        graphql=reader.graphql("graphql"),
    )
    reader.finish()
    if not entry.host or not entry.schemes or entry.path == "":
        raise RulesError(f"{where}: host, schemes and path must not be empty")
    return entry


def _credential(value: object, where: str) -> Credential:
    reader = _Reader(value, where)
    credential = Credential(
        name=reader.text("name"),
        kind=reader.text("kind"),
        surrogate=reader.text("surrogate"),
        value=reader.text("value"),
        hosts=reader.texts("hosts"),
        ports=reader.ports("ports"),
        headers=reader.texts("headers"),
        query=reader.texts("query"),
        methods=reader.texts("methods"),
        foreign=reader.foreign("foreign"),
    )
    reader.finish()
    if credential.kind not in ("token", "claude"):
        raise RulesError(f"{where}.kind: unknown to this proxy")
    if not credential.surrogate or not credential.value or not credential.hosts or not credential.ports:
        raise RulesError(f"{where}: surrogate, value, hosts and ports must not be empty")
    _check_value(credential, where)
    return credential


def _check_value(found: Credential | Part, where: str) -> None:
    if not _SURROGATE.match(found.surrogate) or not found.value or any(c in found.value for c in "\r\n\0"):
        raise RulesError(f"{where}: surrogate or value contain what no header field may")


def _aws(value: object, where: str) -> AwsCredential:
    reader = _Reader(value, where)
    credential = AwsCredential(
        name=reader.text("name"),
        key_id=_part(reader, "access_key_id"),
        secret=_part(reader, "secret_access_key"),
        token=_part(reader, "session_token") if reader.has("session_token") else None,
        hosts=reader.texts("hosts"),
        ports=reader.ports("ports"),
        regions=reader.texts("regions"),
        services=reader.texts("services"),
        allow_anonymous=reader.flag("allow_anonymous"),
    )
    reader.finish()
    if not credential.hosts or not credential.ports:
        raise RulesError(f"{where}: hosts and ports must not be empty")
    for part in credential.parts():
        _check_value(part, where)
    return credential


def _part(reader: _Reader, name: str) -> Part:
    child = reader.child(name)
    part = Part(child.text("surrogate"), child.text("value"))
    child.finish()
    return part


def parse(text: str | bytes) -> Rules:
    """The rule set a document holds.

    Raises:
        RulesError: not JSON, another version, or any member missing, unknown or of another type.
    """
    try:
        reader = _Reader(json.loads(text, object_pairs_hook=_no_duplicates), "rules")
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, RulesError) else RulesError("rules: not JSON") from None
    if reader.number("version") != VERSION:
        raise RulesError(f"rules.version: this proxy reads version {VERSION} only")
    who = reader.child("sandbox")
    rules = Rules(
        digest=reader.text("digest"),
        sandbox=Sandbox(who.text("id"), who.text("thread"), who.text("task"), who.number("attempt")),
        listen=reader.text("listen"),
        entries=tuple(_entry(v, f"rules.entries[{i}]") for i, v in enumerate(reader.items("entries"))),
        credentials=tuple(_credential(v, f"rules.credentials[{i}]") for i, v in enumerate(reader.items("credentials"))),
        aws=tuple(_aws(v, f"rules.aws[{i}]") for i, v in enumerate(reader.items("aws"))),
        upstream_dns=reader.texts("upstream_dns"),
        private_ranges=reader.networks("private_ranges"),
        extra_ca_file=reader.optional_text("extra_ca_file"),
    )
    surrogates = [credential.surrogate for credential in rules.credentials]
    surrogates += [part.surrogate for credential in rules.aws for part in credential.parts()]
    if len(set(surrogates)) != len(surrogates):
        raise RulesError("rules.credentials: two have one surrogate")
    reader.child("limits").finish()
    who.finish()
    reader.finish()
    if hosts.ip_literal(rules.listen) is None:
        raise RulesError("rules.listen: not an address")
    return rules
