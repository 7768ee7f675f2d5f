"""Reads a rule set from `rules.json` (version 1): strict, because what cannot be read blocks."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any

from proxy import hosts
from proxy.aws.credential import AwsCredential, Part
from proxy.rules import Credential, Entry, MintRule, RepositoryScope, Rules, Sandbox
from proxy.rules_members import Members, RulesError

VERSION = 1
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+\Z")
_SURROGATE = re.compile(r"[\x21-\x7e]+\Z")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RulesError("duplicate member names")
    return members


def _entry(value: object, where: str) -> Entry:
    reader = Members(value, where)
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
        comment=reader.optional_text("comment"),
    )
    reader.finish()
    if not entry.host or not entry.schemes or entry.path == "":
        raise RulesError(f"{where}: host, schemes and path must not be empty")
    return entry


def _credential(value: object, where: str) -> Credential:
    reader = Members(value, where)
    credential = Credential(
        name=reader.text("name"),
        kind=reader.text("kind"),
        surrogate=reader.text("surrogate"),
        value=reader.optional_text("value"),
        hosts=reader.texts("hosts"),
        ports=reader.ports("ports"),
        headers=reader.texts("headers"),
        query=reader.texts("query"),
        pointers=reader.pointers("pointers"),
        methods=reader.texts("methods"),
        foreign=reader.foreign("foreign"),
        mints=tuple(_mint(v, f"{where}.mints[{i}]") for i, v in enumerate(reader.items("mints"))),
    )
    reader.finish()
    if credential.kind not in ("token", "claude", "github_app"):
        raise RulesError(f"{where}.kind: unknown to this proxy")
    if not credential.hosts or not credential.ports:
        raise RulesError(f"{where}: hosts and ports must not be empty")
    _check_value(credential, where)
    return credential


def _mint(value: object, where: str) -> MintRule:
    reader = Members(value, where)
    rule = MintRule(reader.text("path"), reader.pointers("fields"), reader.texts("hosts"), reader.number("ttl"))
    reader.finish()
    if not rule.path.startswith("/") or not rule.fields or rule.ttl < 1:
        raise RulesError(f"{where}: path, fields or ttl say nothing that can be used")
    return rule


def _check_value(found: Credential | Part, where: str) -> None:
    if not _SURROGATE.match(found.surrogate) or found.value == "" or any(c in (found.value or "") for c in "\r\n\0"):
        raise RulesError(f"{where}: surrogate or value are empty, or contain what no header field may")


def _aws(value: object, where: str) -> AwsCredential:
    reader = Members(value, where)
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
        allow_sts=reader.flag("allow_sts"),
    )
    reader.finish()
    if not credential.hosts or not credential.ports:
        raise RulesError(f"{where}: hosts and ports must not be empty")
    for part in credential.parts():
        _check_value(part, where)
    return credential


def _scope(value: object, where: str) -> RepositoryScope:
    reader = Members(value, where)
    credential, named = reader.text("credential"), reader.texts("hosts")
    found = [Members(v, f"{where}.repositories[{i}]") for i, v in enumerate(reader.items("repositories"))]
    numbers = [repository.number("id") for repository in found]
    names = [repository.text("name") for repository in found]
    for repository in (*found, reader):
        repository.finish()
    if not named or any(number <= 0 for number in numbers) or not all(_REPOSITORY.match(name) for name in names):
        raise RulesError(f"{where}: hosts must not be empty, and repositories have a number and owner/name")
    return RepositoryScope(credential, named, frozenset(numbers), frozenset(name.lower() for name in names))


def _part(reader: Members, name: str) -> Part:
    child = reader.child(name)
    part = Part(child.text("surrogate"), child.optional_text("value"))
    child.finish()
    return part


def parse(text: str | bytes) -> Rules:
    """The rule set a document holds.

    Raises:
        RulesError: not JSON, another version, or any member missing, unknown or of another type.
    """
    try:
        reader = Members(json.loads(text, object_pairs_hook=_no_duplicates), "rules")
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, RulesError) else RulesError("rules: not JSON") from None
    if reader.number("version") != VERSION:
        raise RulesError(f"rules.version: this proxy reads version {VERSION} only")
    who = reader.child("sandbox")
    rules = Rules(
        digest=reader.text("digest"),
        sandbox=Sandbox(
            who.text("id"), who.text("thread"), who.text("task"), who.number("attempt"), who.absent_or_text("trace_id")
        ),
        listen=reader.text("listen"),
        listen6=reader.optional_text("listen6"),
        entries=tuple(_entry(v, f"rules.entries[{i}]") for i, v in enumerate(reader.items("entries"))),
        credentials=tuple(_credential(v, f"rules.credentials[{i}]") for i, v in enumerate(reader.items("credentials"))),
        aws=tuple(_aws(v, f"rules.aws[{i}]") for i, v in enumerate(reader.items("aws"))),
        repository_scopes=tuple(
            _scope(v, f"rules.repository_scopes[{i}]") for i, v in enumerate(reader.items("repository_scopes"))
        ),
        model_hosts=reader.texts("model_hosts"),
        upstream_dns=reader.texts("upstream_dns"),
        private_ranges=reader.networks("private_ranges"),
        extra_ca_file=reader.optional_text("extra_ca_file"),
    )
    surrogates = rules.surrogates()
    if len(set(surrogates)) != len(surrogates):
        raise RulesError("rules.credentials: two have one surrogate")
    reader.child("limits").finish()
    who.finish()
    reader.finish()
    if hosts.ip_literal(rules.listen) is None:
        raise RulesError("rules.listen: not an address")
    if rules.listen6 is not None and not isinstance(hosts.ip_literal(rules.listen6), ipaddress.IPv6Address):
        raise RulesError("rules.listen6: not an IPv6 address")
    return rules
