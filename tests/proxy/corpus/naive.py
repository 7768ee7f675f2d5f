"""Allowlists as one writes them at first: what a request says of itself, taken as it stands. Only for the corpus."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from urllib.parse import unquote

from proxy.rules import Entry
from tests.proxy.corpus.case import Case


def allows(entries: tuple[Entry, ...], case: Case) -> bool:
    """Whether one of them lets the request out: by TLS name or one of the `Host` fields, raw path or decoded one."""
    path, _, query = re.sub(r"\Ahttps?://[^/]*", "", case.target, flags=re.IGNORECASE).partition("?")
    return any(
        _admits(entry, host, reading, case.method, query)
        for entry in entries
        for host in _hosts(case)
        for reading in (path, unquote(path))
    )


def _hosts(case: Case) -> Iterator[str]:
    yield case.host
    for value in (case.authority, *(value for name, value in case.fields if name.lower() == "host")):
        yield value.lower()


def _admits(entry: Entry, host: str, path: str, method: str, query: str) -> bool:
    return (
        fnmatchcase(host, entry.host)
        and (entry.path is None or fnmatchcase(path, entry.path))
        and (not entry.methods or method in entry.methods)
        and (entry.query is None or all(_named(entry, pair) for pair in _first_of_each(query)))
    )


def _first_of_each(query: str) -> list[tuple[str, str]]:
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    return list({name: (name, value) for name, value in reversed(pairs)}.values())


def _named(entry: Entry, pair: tuple[str, str]) -> bool:
    name, value = unquote(pair[0]), unquote(pair[1])
    return any(fnmatchcase(value, pattern) for pattern in (entry.query or {}).get(name, ()))
