"""The rule set of one sandbox: allowlist, presets and credentials as the proxy reads them (network.md §4, §10).

Its JSON is the whole interface between the product and `proxy/`, which imports nothing of ours; a property test holds
both sides to it.
"""

import hashlib
import ipaddress
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from airut.models import presets
from airut.models.allowlist import Allowlist, Entry, Foreign, Scheme, parse_allowlist
from airut.models.aws_credentials import AwsPart, SandboxAwsCredential
from airut.models.base import Model
from airut.models.credentials import AnySandboxCredential, SandboxCredential
from airut.models.located import PolicyErrors, Problem
from airut.models.presets import Preset
from airut.models.secret import Secret

__all__ = [
    "Allowlist",
    "PolicyErrors",
    "RuleSet",
    "Sandbox",
    "deny_all",
    "parse_allowlist",
    "rule_set",
]


def _network(text: str) -> str:
    ipaddress.ip_network(text)
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


class RuleCredential(_Wire):
    """One credential with its real value."""

    name: str
    kind: Literal["token", "claude"]
    surrogate: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    value: Secret
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    headers: tuple[str, ...]
    query: tuple[str, ...]
    methods: tuple[str, ...]
    foreign: Foreign


class RulePart(_Wire):
    """One value of a credential that has several."""

    surrogate: Annotated[str, Field(pattern=r"^[\x21-\x7e]+$")]
    value: Secret


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

    def parts(self) -> tuple[RulePart, ...]:
        """Its values, of which a token may be missing."""
        return (self.access_key_id, self.secret_access_key, *([self.session_token] if self.session_token else []))


class Sandbox(_Wire):
    """Whose traffic it is."""

    id: str
    thread: str
    task: str
    attempt: int


class Limits(_Wire):
    """Room for limits that an operator may set; none yet."""


class RuleSet(_Wire):
    """Everything the proxy of one sandbox decides by."""

    version: Annotated[int, Field(strict=True, ge=1, le=1)]
    """No `Literal`, which would take `true` for 1."""
    digest: str
    sandbox: Sandbox
    listen: Annotated[str, AfterValidator(_address)]
    entries: tuple[RuleEntry, ...]
    credentials: tuple[RuleCredential, ...]
    aws: tuple[RuleAws, ...]
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
        for shown, credential in zip(document["credentials"], self.credentials, strict=True):
            shown["value"] = credential.value.reveal()
        for shown, aws in zip(document["aws"], self.aws, strict=True):
            for which in ("access_key_id", "secret_access_key", "session_token"):
                part: RulePart | None = getattr(aws, which)
                if part is not None:
                    shown[which]["value"] = part.value.reveal()
        return json.dumps(document, ensure_ascii=True, indent=1).encode()


def rule_set(
    allowlist: Allowlist | None,
    *,
    granted_presets: Iterable[str],
    repository: str,
    credentials: Iterable[AnySandboxCredential],
    sandbox: Sandbox,
    listen: str,
    upstream_dns: Iterable[str] = (),
    private_ranges: Iterable[str] = (),
    extra_ca_file: str | None = None,
) -> RuleSet:
    """Expands a policy for one sandbox.

    No file and an empty file allow the same: the presets that the server's configuration grants. Entries decide in the
    file's order, then its presets, then the granted ones.

    Raises:
        PolicyErrors: an entry opens addresses outside the operator's private ranges.
        KeyError: a granted preset does not exist.
    """
    allowlist = allowlist or Allowlist(file="")
    private_ranges = tuple(private_ranges)
    _check_addresses(allowlist, private_ranges)
    named = presets.union([*allowlist.presets, *(Preset(name=name) for name in granted_presets)], repository)
    entries = (
        *(_own(allowlist.file, entry) for entry in allowlist.entries),
        *(_of_preset(preset.name, entry) for preset in named for entry in presets.expand(preset)),
    )
    credentials = tuple(credentials)
    bare = RuleSet(
        version=1,
        digest="",
        sandbox=sandbox,
        listen=listen,
        entries=entries,
        credentials=tuple(_credential(found) for found in credentials if isinstance(found, SandboxCredential)),
        aws=tuple(_aws(found) for found in credentials if isinstance(found, SandboxAwsCredential)),
        upstream_dns=tuple(upstream_dns),
        private_ranges=private_ranges,
        extra_ca_file=extra_ca_file,
        limits=Limits(),
    )
    return bare.model_copy(update={"digest": _digest(bare)})


def deny_all(*, listen: str) -> RuleSet:
    """The rules of a proxy that was started ahead of its task."""
    sandbox = Sandbox(id="", thread="", task="", attempt=0)
    return rule_set(None, granted_presets=(), repository="", credentials=(), sandbox=sandbox, listen=listen)


def _check_addresses(allowlist: Allowlist, private_ranges: tuple[str, ...]) -> None:
    ranges = [ipaddress.ip_network(text) for text in private_ranges]
    problems = [
        Problem(
            file=allowlist.file,
            line=entry.line,
            column=1,
            path="addresses",
            problem=f"{text} is not within the operator's network.private_ranges",
            remedy="ask the operator to add it",
        )
        for entry in allowlist.entries
        for text in entry.addresses
        if not any(_within(ipaddress.ip_network(text), outer) for outer in ranges)
    ]
    if problems:
        raise PolicyErrors(problems)


_AnyNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _within(inner: _AnyNetwork, outer: _AnyNetwork) -> bool:
    return inner.version == outer.version and int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def _own(file: str, entry: Entry) -> RuleEntry:
    shown = entry.model_dump(exclude={"line", "comment"})
    return RuleEntry(rule=f"{file}:{entry.line}", **shown)


def _of_preset(name: str, entry: presets.PresetEntry) -> RuleEntry:
    return RuleEntry(
        rule=f"preset:{name}",
        host=entry.host,
        path=entry.path,
        methods=entry.methods,
        query=None if entry.query is None else dict(entry.query),
        schemes=entry.schemes,
        ports=(),
        addresses=(),
        foreign_credentials=None,
        origin="preset",
        graphql=None,
    )


def _credential(credential: SandboxCredential) -> RuleCredential:
    return RuleCredential.model_validate(dict(credential))


def _aws(credential: SandboxAwsCredential) -> RuleAws:
    def part(found: AwsPart) -> RulePart:
        return RulePart(surrogate=found.surrogate, value=found.value)

    token = credential.session_token
    return RuleAws(
        name=credential.name,
        access_key_id=part(credential.access_key_id),
        secret_access_key=part(credential.secret_access_key),
        session_token=None if token is None else part(token),
        hosts=credential.hosts,
        ports=credential.ports,
        regions=credential.regions,
        services=credential.services,
        allow_anonymous=credential.allow_anonymous,
    )


def _digest(rules: RuleSet) -> str:
    """Names the policy: the same for the same rules, whatever the credentials' values are at the time."""
    policy = rules.model_dump(mode="json", include={"version", "entries", "upstream_dns", "private_ranges"})
    policy["credentials"] = [c.model_dump(mode="json", exclude={"value"}) for c in rules.credentials]
    policy["aws"] = [c.model_dump(mode="json") for c in rules.aws]  # a `Secret` shows nothing of its value
    return hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()
