"""Decisions and presets as text and as JSON."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import yaml

from airut.models.policy.presets import PresetEntry

if TYPE_CHECKING:
    from proxy.explanation import Explanation, Nearest
    from proxy.rules import Entry

_CONDITIONS = {
    "host_not_allowed": "host",
    "scheme_not_allowed": "scheme",
    "port_not_allowed": "port",
    "path_not_allowed": "path",
    "method_not_allowed": "method",
    "query_not_allowed": "query",
}
"""Of the reasons of an entry that does not match."""


def as_document(found: "Explanation", method: str, url: str) -> dict[str, Any]:
    """The JSON of `airut policy explain`."""
    refused = found.refused
    return {
        "version": 1,
        "method": method,
        "url": url,
        "decision": "blocked" if refused else "allowed",
        "reason": refused.reason.value if refused else None,
        "detail": refused.detail if refused else None,
        "message": found.message,
        "rule": found.entry.rule if found.entry else None,
        "comment": found.entry.comment if found.entry else None,
        "readings": list(found.readings),
        "credentials": list(found.credentials),
        "guards": list(found.guards),
        "model_request": found.is_model_request,
        "body_is_judged": found.body_is_judged,
        "changes": list(found.changes),
        "nearest": [
            {"rule": near.entry.rule, "fails": _CONDITIONS[near.fails], "entry": conditions(near.entry)}
            for near in found.nearest
        ],
        "suggestion": found.suggestion,
    }


def as_lines(found: "Explanation") -> Iterator[str]:
    """The same for a person."""
    refused = found.refused
    if refused is None:
        yield f"allowed by {_named(found.entry)}"
    else:
        yield f"blocked: {refused.reason.value}" + (f" ({refused.detail})" if refused.detail else "")
        yield f"  {found.message}"
        if found.entry is not None:
            yield f"its head is allowed by {_named(found.entry)}"
    if found.readings:
        yield "read as: " + "  ".join(found.readings)
    if refused is None:
        yield "credentials: " + (", ".join(found.credentials) or "none")
    yield from _inspections(found)
    if found.nearest:
        yield "nearest entries, and what each of them fails on:"
        yield from (f"  {_shown(near)}" for near in found.nearest)
    if found.suggestion:
        yield "this would allow it:"
        yield from (f"  {line}" for line in found.suggestion.splitlines())


def _named(entry: "Entry | None") -> str:
    assert entry is not None  # nothing is allowed without one
    return f"{entry.rule} {_flow(conditions(entry))}" + (f"  # {entry.comment}" if entry.comment else "")


def _inspections(found: "Explanation") -> Iterator[str]:
    if found.guards:
        yield "operation rules: " + ", ".join(found.guards)
    if found.is_model_request:
        yield "what the model's service would fetch is held to the allowlist"
    if found.body_is_judged:
        yield "its body decides as well: give one with --body"
    for change in found.changes:
        yield f"changed in the body: {change}"


def _shown(near: "Nearest") -> str:
    return f"{near.entry.rule} {_flow(conditions(near.entry))}: {_CONDITIONS[near.fails]}"


def conditions(entry: "Entry") -> dict[str, Any]:
    """What an entry says that is not the default."""
    operations = None if entry.graphql is None else _operations(vars(entry.graphql))
    return _entry(
        {
            "host": entry.host,
            "path": entry.path,
            "methods": entry.methods,
            "query": entry.query,
            "schemes": () if entry.schemes == ("https",) else entry.schemes,
            "ports": entry.ports,
            "graphql": operations,
        }
    )


def _entry(members: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is left out in the file, and with lists for tuples."""
    kept = {name: value for name, value in members.items() if value not in (None, ())}
    if "query" in kept:
        kept["query"] = {name: list(patterns) for name, patterns in kept["query"].items()} or "none"
    return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}


def as_yaml(entries: Iterable[PresetEntry]) -> str:
    """The entries of a preset as a file would have them."""
    lines = ["url_prefixes:"]
    for entry in entries:
        operations = None if entry.graphql is None else _operations(entry.graphql._asdict())
        schemes = () if entry.schemes == ("https",) else entry.schemes
        members = entry._asdict() | {"schemes": schemes, "graphql": operations}
        lines.append(f"  - {_flow(_entry(members))}")
    return "\n".join(lines)


def _operations(kinds: Mapping[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {kind: list(patterns) for kind, patterns in kinds.items() if patterns}


def _flow(members: Mapping[str, Any]) -> str:
    """One line of YAML."""
    return str(yaml.safe_dump(members, default_flow_style=True, sort_keys=False, width=float("inf"))).strip()
