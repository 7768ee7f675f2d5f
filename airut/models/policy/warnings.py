"""What a valid allowlist may not mean as it stands (network.md §4.3)."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from publicsuffixlist import PublicSuffixList

from airut.models.credentials.kinds import AnySandboxCredential
from airut.models.policy import globs
from airut.models.policy.allowlist import Allowlist, Entry
from airut.models.policy.host_patterns import is_address
from airut.models.policy.rules import RuleEntry
from airut.models.values.located import MAX_PROBLEMS, Problem

DEFAULT_PORTS = {"https": 443, "http": 80}
_KEPT = re.compile("(%2[FA]|%3F)", re.IGNORECASE)


class _Placed(NamedTuple):
    """An entry, and its path in the file."""

    entry: Entry
    at: str


class _Fault(NamedTuple):
    member: str
    problem: str
    remedy: str


def warnings(allowlist: Allowlist, credentials: Iterable[AnySandboxCredential] = ()) -> tuple[Problem, ...]:
    """Every warning, in the order of the file, at most fifty; `credentials` are those that the sandbox would have."""
    credentials = tuple(credentials)
    placed = [*_placed(allowlist, "domains"), *_placed(allowlist, "url_prefixes")]
    found = [
        _problem(allowlist, here, fault)
        for number, here in enumerate(placed)
        for fault in (
            *_unreached(here, placed[:number]),
            *_too_wide(here.entry.host),
            *_needless_http(here, placed),
            *_brackets(here.entry),
            *_open_to_credentials(here.entry, credentials),
        )
    ]
    return tuple(sorted(found, key=lambda problem: (problem.line, problem.column))[:MAX_PROBLEMS])


def unreached_scopes(
    file: str, entries: Iterable[RuleEntry], credentials: Iterable[AnySandboxCredential]
) -> tuple[Problem, ...]:
    """Hosts of credentials that no entry can reach, presets and what the server grants included. Nothing is ever
    swapped in there."""
    entries = tuple(entries)
    return tuple(
        Problem(
            file=file,
            line=1,
            column=1,
            path=f"credentials.{credential.name}.hosts",
            problem=f"no entry reaches {host}, which {credential.name} is for",
            remedy="allow what is needed there, or take the host out of airut.yaml",
        )
        for credential in credentials
        for host in credential.hosts
        if not any(reaches(entry, host.lower(), credential.ports) for entry in entries)
    )


def reaches(entry: RuleEntry, host: str, ports: Iterable[int]) -> bool:
    """Whether an entry lets requests out to a host and port at which a credential is swapped in: only over TLS."""
    open_ports = set(entry.ports or (DEFAULT_PORTS["https"],))
    return "https" in entry.schemes and globs.overlap(entry.host, host) and bool(open_ports & set(ports))


def _placed(allowlist: Allowlist, origin: str) -> list[_Placed]:
    entries = [entry for entry in allowlist.entries if entry.origin == origin]
    return [_Placed(entry, f"{origin}[{index}]") for index, entry in enumerate(entries)]


def _problem(allowlist: Allowlist, here: _Placed, fault: _Fault) -> Problem:
    is_item = here.entry.origin == "domains" or not fault.member
    return Problem(
        file=allowlist.file,
        line=here.entry.line,
        column=here.entry.column,
        path=here.at if is_item else f"{here.at}.{fault.member}",
        problem=fault.problem,
        remedy=fault.remedy,
    )


def _unreached(here: _Placed, before: list[_Placed]) -> Iterator[_Fault]:
    """Operation rules are in force behind `domains` too, so that an entry with some is of use there."""
    covering = next((other for other in before if _covers(other.entry, here.entry)), None)
    if covering is None or (here.entry.graphql is not None and covering.entry.origin == "domains"):
        return
    remedy = "put it first, or remove it"
    if covering.entry.origin == "domains" and here.entry.origin == "url_prefixes":
        remedy = "domains decide first and allow everything: take the host out of there, or remove this entry"
    yield _Fault("", f"is never reached: {covering.at} in line {covering.entry.line} allows all of it", remedy)


def _covers(outer: Entry, inner: Entry) -> bool:
    return (
        _covers_host(outer.host, inner.host)
        and set(inner.schemes) <= set(outer.schemes)
        and all(_ports(inner, scheme) <= _ports(outer, scheme) for scheme in inner.schemes)
        and _covers_path(outer.path, inner.path)
        and (not outer.methods or (bool(inner.methods) and set(inner.methods) <= set(outer.methods)))
        and _covers_query(outer.query, inner.query)
    )


def _covers_host(outer: str, inner: str) -> bool:
    """An address is meant by that very address only."""
    return outer == inner or (globs.covers(outer, inner) and not is_address(inner))


def _ports(entry: Entry, scheme: str) -> set[int]:
    return set(entry.ports or (DEFAULT_PORTS[scheme],))


def _covers_path(outer: str | None, inner: str | None) -> bool:
    if outer == "*" or inner == "*":  # the target of `OPTIONS *`, which is no path
        return outer == inner
    if _is_any(outer):
        return True
    return outer is not None and not _is_any(inner) and globs.covers(_normal(outer), _normal(inner or "/*"))


def _is_any(path: str | None) -> bool:
    return path in (None, "/*")


def _normal(path: str) -> str:
    """Escapes as the proxy compares them."""
    parts = _KEPT.split(path)
    return "".join(part.upper() if index % 2 else unquote(part) for index, part in enumerate(parts))


def _covers_query(outer: dict[str, tuple[str, ...]] | None, inner: dict[str, tuple[str, ...]] | None) -> bool:
    if outer is None:
        return True
    return inner is not None and all(
        any(globs.covers(pattern, narrow) for pattern in outer.get(name, ()))
        for name, patterns in inner.items()
        for narrow in patterns
    )


def _too_wide(host: str) -> Iterator[_Fault]:
    """What follows the last label with a wildcard says whose names the pattern can reach."""
    labels = host.split(".")
    last = max((index for index, label in enumerate(labels) if globs.is_wildcard(label)), default=None)
    if last is None or is_address(host):
        return
    rest = ".".join(labels[last + 1 :])
    if not rest:
        yield _Fault("host", "matches names of every owner", "name the hosts")
    elif _suffixes().is_public(rest):
        yield _Fault("host", f"matches names of many owners: anybody can have one below {rest}", "name the hosts")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list that comes with the package, its private section included


def _needless_http(here: _Placed, placed: list[_Placed]) -> Iterator[_Fault]:
    if "http" not in here.entry.schemes:
        return
    secure = next((other for other in placed if _is_secure(other.entry, here.entry.host)), None)
    if secure is not None:
        also = "" if secure is here else f" by {secure.at} in line {secure.entry.line}"
        yield _Fault(
            "schemes",
            f"http is allowed where https is too{also}",
            "leave http out: whoever is on the way can read and change it",
        )


def _is_secure(entry: Entry, host: str) -> bool:
    wide = _is_any(entry.path) and _covers_host(entry.host, host)
    return "https" in entry.schemes and (entry.host == host or wide)


def _brackets(entry: Entry) -> Iterator[_Fault]:
    if "[" in (entry.path or ""):
        yield _Fault("path", "[ stands for itself", "write one entry for each, or ? for any one character")
    for name, patterns in (entry.query or {}).items():
        if any("[" in pattern for pattern in patterns):
            yield _Fault(f"query.{name}", "[ stands for itself", "list the values")


def _open_to_credentials(entry: Entry, credentials: tuple[AnySandboxCredential, ...]) -> Iterator[_Fault]:
    if not _is_any(entry.path) or "https" not in entry.schemes:
        return
    for credential in credentials:
        meets = any(globs.overlap(entry.host, pattern.lower()) for pattern in credential.hosts)
        if meets and _ports(entry, "https") & set(credential.ports):
            yield _Fault("", f"gives {credential.name} to every path of the host", "allow the paths that are needed")
