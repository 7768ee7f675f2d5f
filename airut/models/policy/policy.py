"""What one sandbox may do: its allowlist, presets and credentials, expanded into rules (network.md §4)."""

import hashlib
import ipaddress
import json
import math
from collections.abc import Iterable

from airut.models.credentials.aws import AwsPart, SandboxAwsCredential
from airut.models.credentials.github_app import SandboxGithubApp
from airut.models.credentials.kinds import AnySandboxCredential, SandboxCredential
from airut.models.policy import presets
from airut.models.policy.allowlist import Allowlist, Entry, parse_allowlist
from airut.models.policy.model_endpoint import ANTHROPIC, ModelEndpoint
from airut.models.policy.presets import MODEL, Preset
from airut.models.policy.rules import (
    Limits,
    RuleAws,
    RuleCredential,
    RuleEntry,
    RuleGraphql,
    RuleMint,
    RulePart,
    RuleRepository,
    RuleRepositoryScope,
    RuleSet,
    Sandbox,
)
from airut.models.values.located import PolicyErrors, Problem

__all__ = [
    "Allowlist",
    "PolicyErrors",
    "RuleSet",
    "Sandbox",
    "deny_all",
    "parse_allowlist",
    "rule_entries",
    "rule_set",
]


def rule_set(
    allowlist: Allowlist | None,
    *,
    granted_presets: Iterable[str],
    repository: str,
    model_endpoint: ModelEndpoint = ANTHROPIC,
    model_hosts: Iterable[str] = (),
    credentials: Iterable[AnySandboxCredential],
    sandbox: Sandbox,
    listen: str,
    listen6: str | None = None,
    upstream_dns: Iterable[str] = (),
    private_ranges: Iterable[str] = (),
    extra_ca_file: str | None = None,
) -> RuleSet:
    """Expands a policy for one sandbox.

    No file and an empty file allow the same: the presets that the server's configuration grants. Entries decide in the
    file's order, then its presets, then the granted ones. `anthropic`, when it is granted, leads to `model_endpoint`.

    Raises:
        PolicyErrors: an entry opens addresses outside the operator's private ranges.
        KeyError: a granted preset does not exist.
    """
    private_ranges = tuple(private_ranges)
    credentials = tuple(credentials)
    bare = RuleSet(
        version=1,
        digest="",
        sandbox=sandbox,
        listen=listen,
        listen6=listen6,
        entries=rule_entries(allowlist, granted_presets, repository, model_endpoint, private_ranges),
        credentials=tuple(
            rule_credential(found) for found in credentials if not isinstance(found, SandboxAwsCredential)
        ),
        aws=tuple(rule_aws(found) for found in credentials if isinstance(found, SandboxAwsCredential)),
        repository_scopes=tuple(
            repository_scope(found) for found in credentials if isinstance(found, SandboxGithubApp)
        ),
        model_hosts=tuple(model_hosts),
        upstream_dns=tuple(upstream_dns),
        private_ranges=private_ranges,
        extra_ca_file=extra_ca_file,
        limits=Limits(),
    )
    return bare.model_copy(update={"digest": _digest(bare)})


def rule_entries(
    allowlist: Allowlist | None,
    granted_presets: Iterable[str],
    repository: str,
    model_endpoint: ModelEndpoint,
    private_ranges: tuple[str, ...],
) -> tuple[RuleEntry, ...]:
    """What is allowed, in the order in which it decides: the file's own entries, those of its presets, those of the
    granted ones. No credential is needed for it.

    Raises:
        PolicyErrors, KeyError: as of `rule_set`.
    """
    allowlist = allowlist or Allowlist(file="")
    check_addresses(allowlist, private_ranges)
    granted = list(granted_presets)
    gateway = presets.model(model_endpoint, private_ranges) if MODEL in granted and model_endpoint != ANTHROPIC else ()
    if gateway:
        granted = [name for name in granted if name != MODEL]
    named = presets.union([*allowlist.presets, *(Preset(name=name) for name in granted)], repository)
    return (
        *(_own(allowlist.file, entry) for entry in allowlist.entries),
        *(_of_preset(preset.name, entry) for preset in named for entry in presets.expand(preset)),
        *(_of_preset(MODEL, entry) for entry in gateway),
    )


def deny_all(*, listen: str, listen6: str | None = None) -> RuleSet:
    """The rules of a proxy that was started ahead of its task."""
    sandbox = Sandbox(id="", thread="", task="", attempt=0)
    return rule_set(
        None, granted_presets=(), repository="", credentials=(), sandbox=sandbox, listen=listen, listen6=listen6
    )


def check_addresses(allowlist: Allowlist, private_ranges: Iterable[str]) -> None:
    """Raises: PolicyErrors: an entry opens addresses outside the operator's private ranges."""
    ranges = [ipaddress.ip_network(text) for text in private_ranges]
    prefixes = [entry for entry in allowlist.entries if entry.origin == "url_prefixes"]
    problems = [
        Problem(
            file=allowlist.file,
            line=entry.line,
            column=entry.column,
            path=f"url_prefixes[{index}].addresses",
            problem=f"{text} is not within the operator's network.private_ranges",
            remedy="ask the operator to add it",
        )
        for index, entry in enumerate(prefixes)
        for text in entry.addresses
        if not any(_within(ipaddress.ip_network(text), outer) for outer in ranges)
    ]
    if problems:
        raise PolicyErrors(problems)


_AnyNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _within(inner: _AnyNetwork, outer: _AnyNetwork) -> bool:
    return inner.version == outer.version and int(outer[0]) <= int(inner[0]) and int(inner[-1]) <= int(outer[-1])


def _own(file: str, entry: Entry) -> RuleEntry:
    shown = entry.model_dump(exclude={"line", "column"})
    return RuleEntry(rule=f"{file}:{entry.line}", **shown)


def _of_preset(name: str, entry: presets.PresetEntry) -> RuleEntry:
    return RuleEntry(
        rule=f"preset:{name}",
        host=entry.host,
        path=entry.path,
        methods=entry.methods,
        query=None if entry.query is None else dict(entry.query),
        schemes=entry.schemes,
        ports=entry.ports,
        addresses=entry.addresses,
        foreign_credentials=None,
        origin="preset",
        graphql=_operations(entry.graphql),
        comment=None,
    )


def _operations(found: presets.Operations | None) -> RuleGraphql | None:
    if found is None:
        return None
    return RuleGraphql(queries=found.queries, mutations=found.mutations, subscriptions=())


def rule_credential(credential: SandboxCredential | SandboxGithubApp) -> RuleCredential:
    """A credential of one value, as the proxy reads it."""
    if isinstance(credential, SandboxGithubApp):
        return RuleCredential(
            name=credential.name,
            kind="github_app",
            surrogate=credential.surrogate,
            value=None if credential.token is None else credential.token.value,
            hosts=credential.hosts,
            ports=credential.ports,
            headers=("Authorization",),
            query=(),
            pointers=(),
            methods=(),
            foreign="strip",
            mints=(),
        )
    mints = tuple(
        RuleMint(path=mint.path, fields=mint.fields, hosts=mint.hosts or (), ttl=math.ceil(mint.ttl))
        for mint in credential.mints
    )
    return RuleCredential.model_validate({**dict(credential), "mints": mints})


def rule_aws(credential: SandboxAwsCredential) -> RuleAws:
    """An AWS credential, as the proxy reads it."""

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
        allow_sts=credential.allow_sts,
    )


def repository_scope(credential: SandboxGithubApp) -> RuleRepositoryScope:
    """What GraphQL may name; nothing as long as it is not known what the token is for."""
    known = () if credential.token is None else credential.token.repositories
    return RuleRepositoryScope(
        credential=credential.name,
        hosts=credential.hosts,
        repositories=tuple(RuleRepository(id=found.id, name=found.name) for found in known),
    )


def _digest(rules: RuleSet) -> str:
    """Names the policy: the same for the same rules, whatever the credentials' values are at the time."""
    included = {"version", "entries", "model_hosts", "upstream_dns", "private_ranges"}
    policy = rules.model_dump(mode="json", include=included)
    policy["credentials"] = [c.model_dump(mode="json", exclude={"value"}) for c in rules.credentials]
    parts = {"access_key_id": {"value"}, "secret_access_key": {"value"}, "session_token": {"value"}}
    policy["aws"] = [c.model_dump(mode="json", exclude=parts) for c in rules.aws]
    # Which repositories a token is for is known with the token, and is no more the policy's than its value.
    policy["repository_scopes"] = [s.model_dump(mode="json", exclude={"repositories"}) for s in rules.repository_scopes]
    return hashlib.sha256(json.dumps(policy, sort_keys=True).encode()).hexdigest()
