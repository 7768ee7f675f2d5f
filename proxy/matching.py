"""The allowlist: the first entry whose every condition holds decides; none does, none may pass (network.md §4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, unquote_to_bytes

from proxy import glob, hosts
from proxy.block import Reason
from proxy.normalise import Target
from proxy.rules import DEFAULT_PORTS, Entry, Graphql

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_KEPT = re.compile("(%2[FA]|%3F)", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True)
class Asked:
    """What a request asks for, after acceptance: one canonical host, a scheme, the port it came in on."""

    scheme: str
    host: str
    port: int
    method: str
    target: Target


@dataclass(frozen=True)
class Verdict:
    """The entry that admits the request, or the condition that the nearest entry fails."""

    entry: Entry | None
    reason: Reason | None


def decide(entries: Iterable[Entry], asked: Asked) -> Verdict:
    """The decision of the whole allowlist."""
    failures = {Reason.HOST_NOT_ALLOWED}
    for entry in entries:
        failed = first_failing(entry, asked)
        if failed is None:
            return Verdict(entry, None)
        failures.add(failed)
    return Verdict(None, max(failures, key=ORDER.index))


ORDER = (
    Reason.HOST_NOT_ALLOWED,
    Reason.SCHEME_NOT_ALLOWED,
    Reason.PORT_NOT_ALLOWED,
    Reason.PATH_NOT_ALLOWED,
    Reason.METHOD_NOT_ALLOWED,
    Reason.QUERY_NOT_ALLOWED,
)


def first_failing(entry: Entry, asked: Asked) -> Reason | None:
    """The first of an entry's conditions that the request does not meet."""
    if not host_matches(entry.host, asked.host):
        return Reason.HOST_NOT_ALLOWED
    if asked.scheme not in entry.schemes:
        return Reason.SCHEME_NOT_ALLOWED
    if asked.port not in (entry.ports or (DEFAULT_PORTS[asked.scheme],)):
        return Reason.PORT_NOT_ALLOWED
    if not _path_matches(entry.path, asked.target):
        return Reason.PATH_NOT_ALLOWED
    if entry.methods and asked.method not in entry.methods:
        return Reason.METHOD_NOT_ALLOWED
    if not query_matches(entry.query, asked.target.query):
        return Reason.QUERY_NOT_ALLOWED
    return None


def any_path(pattern: str | None) -> bool:
    """Whether a path pattern admits every path that is one."""
    return pattern in (None, "/*")


def guards(entries: Iterable[Entry], admitted: Entry, asked: Asked) -> tuple[Graphql, ...]:
    """The operation rules that an admitted request must pass: its entry's own, or, when a whole host was named under
    `domains` or by a preset, those of the first entry that has some for this place."""
    own = () if admitted.graphql is None else (admitted.graphql,)
    if admitted.origin == "url_prefixes":
        return own
    named = next((entry for entry in entries if entry.origin == "url_prefixes" and _guards(entry, asked)), None)
    return own if named is None or named.graphql is None else (*own, named.graphql)


def _guards(entry: Entry, asked: Asked) -> bool:
    """Whether an entry's operation rules are meant for this request. Unlike what admits one, one reading is enough,
    and a single endpoint is guarded whatever the method: many servers take a query in a GET's URL."""
    if entry.graphql is None or not host_matches(entry.host, asked.host):
        return False
    endpoint = entry.path is not None and not glob.is_wildcard(entry.path)
    if entry.methods and asked.method not in entry.methods and not endpoint:
        return False
    if any_path(entry.path):
        return True
    pattern = _normal_pattern(entry.path or "").casefold()
    return any(glob.matches(pattern, reading) for reading in lenient(asked.target.readings))


def lenient(readings: Iterable[str]) -> Iterable[str]:
    """Every reading, and how servers read it that mind neither case, nor `%2F`, nor a slash at the end."""
    for reading in readings:
        folded = reading.casefold()
        split = re.sub("/{2,}", "/", folded.replace("%2f", "/"))
        yield from (folded, split, folded.rstrip("/"), split.rstrip("/"))


@lru_cache(maxsize=32_768)  # The 2,000 entries that a policy may have, for a dozen hosts: most of a decision's time.
def host_matches(pattern: str, host: str) -> bool:
    """Whether a canonical host is meant by a pattern; an IP literal only by that very literal."""
    pattern = pattern.lower().removesuffix(".")
    if pattern == host:
        return True
    return glob.is_wildcard(pattern) and hosts.ip_literal(host) is None and glob.matches(pattern, host)


def _path_matches(pattern: str | None, target: Target) -> bool:
    if target.path == "*":
        return pattern == "*"
    if pattern is None:
        return True
    normal = _normal_pattern(pattern)
    if not all(glob.matches(normal, reading) for reading in target.readings):
        return False
    # An escaped slash is none; for a server that takes it for one, what it asks for must be meant by the pattern too.
    split = [_split_slashes(reading) for reading in target.readings if "%2F" in reading]
    return all(glob.matches(_split_slashes(normal), reading) for reading in split)


def _split_slashes(text: str) -> str:
    return re.sub("/{2,}", "/", text.replace("%2F", "/"))


@lru_cache(maxsize=16_384)
def _normal_pattern(pattern: str) -> str:
    """A path pattern with its escapes as `read_target` leaves them; an escaped wildcard stays, and matches nothing."""
    parts = _KEPT.split(pattern)
    try:
        return "".join(part.upper() if i % 2 else unquote(part, errors="strict") for i, part in enumerate(parts))
    except UnicodeDecodeError:
        return "\0"  # escapes that are no UTF-8 are refused in a target, so nothing can match them


def query_matches(rules: Mapping[str, tuple[str, ...]] | None, query: str | None) -> bool:
    """Whether every parameter present is named and each of its values meets one of its patterns."""
    if rules is None or not query:
        return True
    if ";" in query or _BAD_ESCAPE.search(query):
        return False
    for pair in query.split("&"):
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition("=")
        name, value = _decoded(raw_name), _decoded(raw_value)
        if name is None or value is None or _ESCAPE.search(name):
            return False
        if not any(glob.matches(pattern, value) for pattern in rules.get(name, ())):
            return False
    return True


def _decoded(text: str) -> str | None:
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError:
        return None
