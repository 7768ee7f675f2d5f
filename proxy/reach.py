"""What a service may fetch on the sandbox's behalf: whole URLs, and domains with all that is below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from proxy import glob, hosts, matching, urls
from proxy.matching import any_path
from proxy.normalise import TargetRefused, read_target
from proxy.rules import DEFAULT_PORTS, Entry

_DOMAIN = re.compile(r"([^/]+)(/.*)?\Z", re.DOTALL)


class BadDomain(ValueError):
    """Not a plain domain, with or without a path."""


class Reach:
    """The allowlist, asked about what somebody else would fetch."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._open = [entry for entry in entries if _is_open(entry)]

    def allows(self, method: str, url: str) -> bool:
        """Whether the sandbox may make this very request itself; one whose body must be judged first, it may not."""
        try:
            asked = urls.asked(method, url)
        except ValueError:
            return False
        if hosts.ip_literal(asked.host) is not None:
            return False  # it would be an address of the service's network, not of ours
        entry = matching.decide(self._entries, asked).entry
        return entry is not None and not matching.guards(self._entries, entry, asked)

    def hosts(self) -> tuple[str, ...]:
        """The single hosts whose every path is open for GET."""
        named = [entry.host for entry in self._open if any_path(entry.path) and not glob.is_wildcard(entry.host)]
        return tuple(host for host in dict.fromkeys(named) if self._covers_host(host))

    def _covers_host(self, host: str) -> bool:
        try:
            return self.covers(host)
        except BadDomain:  # a host that is matched, but that no such list could name
            return False

    def covers(self, domain: str) -> bool:
        """Whether a domain, as services' lists mean it, is open for GET: with every path below the one given.

        Such lists include sub-domains. Those of a public suffix are strangers to each other, so that it needs an entry
        for them; those of an ordinary domain are taken to be its owner's.

        Raises:
            BadDomain: a wildcard, a blank, a scheme, a port or the like, which services read in ways of their own.
        """
        host, path = _split(domain)
        fitting = [entry for entry in self._open if _covers_path(entry.path, path)]
        if not any(matching.host_matches(entry.host, host) for entry in fitting):
            return False
        return not _is_public_suffix(host) or any(_covers_below(entry.host, host) for entry in fitting)


def _is_open(entry: Entry) -> bool:
    port = DEFAULT_PORTS["https"]
    return (
        "https" in entry.schemes
        and port in (entry.ports or (port,))
        and (not entry.methods or "GET" in entry.methods)
        and entry.query is None
        and entry.graphql is None
    )


def _split(domain: str) -> tuple[str, str]:
    found = _DOMAIN.match(domain)
    if found is None or ":" in found[1] or "*" in domain:
        raise BadDomain
    try:
        host = hosts.canonical(found[1])
        path = read_target((found[2] or "/").encode("utf-8", "surrogatepass"), "GET")
    except (hosts.HostError, TargetRefused) as error:
        raise BadDomain from error
    if path.query is not None or len(path.readings) > 1 or hosts.ip_literal(host) is not None:
        raise BadDomain
    return host, path.path.rstrip("/")


def _covers_path(pattern: str | None, path: str) -> bool:
    """Whether a pattern admits a path and every text that begins with it: a star at the end takes all that follows."""
    return any_path(pattern) or (pattern is not None and pattern.endswith("*") and glob.matches(pattern, path))


def _covers_below(pattern: str, host: str) -> bool:
    tail = pattern.removeprefix("*")
    return tail != pattern and not glob.is_wildcard(tail) and f".{host}".endswith(tail)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()  # the list that comes with the package: nothing is fetched


def _is_public_suffix(host: str) -> bool:
    return _suffixes().is_public(host)
