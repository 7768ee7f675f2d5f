"""Which requests are GraphQL for GitHub, and the repositories that they are held to."""

from __future__ import annotations

import re

from proxy import matching, swap
from proxy.acceptance import Fields
from proxy.matching import Asked
from proxy.normalise import Target
from proxy.rules import RepositoryScope, Rules

ENDPOINTS = frozenset(["/graphql", "/api/graphql"])  # github.com's, and an enterprise server's


def is_meant(target: Target) -> bool:
    """Whether a server could take this path for the GraphQL endpoint, however lenient it is."""
    readings = (re.sub("/{2,}", "/", reading.casefold().replace("%2f", "/")) for reading in target.readings)
    return any(reading.rstrip("/") in ENDPOINTS for reading in readings)


def scopes(rules: Rules, asked: Asked, fields: Fields) -> tuple[RepositoryScope, ...]:
    """The scopes that a request must stay in: of the Apps whose tokens it carries, and when that cannot be told, of all
    Apps that this host is for."""
    here = [s for s in rules.repository_scopes if any(matching.host_matches(host, asked.host) for host in s.hosts)]
    if not here or not is_meant(asked.target):
        return ()
    carried = {found.name for found in rules.credentials if any(swap.found_in(value, [found]) for _, value in fields)}
    return tuple(scope for scope in here if scope.credential in carried) or tuple(here)
