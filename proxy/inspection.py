"""Requests whose body decides as well: which they are, and what becomes of the body (network.md §6, §7)."""

from __future__ import annotations

from dataclasses import dataclass

from proxy import bodies, matching, model_api
from proxy.acceptance import Fields
from proxy.block import Reason, Refused
from proxy.bodies import Json, TooLarge, Undecodable
from proxy.github import endpoint
from proxy.matching import Asked
from proxy.reach import Reach
from proxy.rules import Entry, Graphql, RepositoryScope, Rules

_GRAPHQL_TYPES = frozenset([b"application/json", b"application/graphql+json"])
MAX_GRAPHQL = 1024**2  # bytes after decoding; the longest documents of real clients have tens of kilobytes


@dataclass(frozen=True)
class Plan:
    """What the body of one request is held to; neither: it is streamed unread."""

    guards: tuple[Graphql, ...]
    reach: Reach | None
    scopes: tuple[RepositoryScope, ...] = ()

    @property
    def is_graphql(self) -> bool:
        """Whether the body must be a GraphQL operation."""
        return bool(self.guards or self.scopes)

    @property
    def is_needed(self) -> bool:
        """Whether the body must be there as a whole before anything of it may leave."""
        return self.is_graphql or self.reach is not None


@dataclass(frozen=True)
class Inspected:
    """The body that may leave, the fields that go with it, and what the log says."""

    body: bytes
    fields: Fields
    graphql: str | None = None
    tools: tuple[str, ...] = ()


def plan(rules: Rules, admitted: Entry, asked: Asked, fields: Fields) -> Plan:
    """Decides by the head whether a body must be read.

    Raises:
        Refused: an operation rule is in force, and the request is not of the one form in which it can be judged.
    """
    guards = matching.guards(rules.entries, admitted, asked)
    scopes = endpoint.scopes(rules, asked, fields)
    if guards or scopes:
        _check_graphql_head(asked, fields)
    is_model = _is_model_host(rules, asked.host) and model_api.is_meant(asked.target)
    return Plan(guards, Reach(rules.entries) if is_model else None, scopes)


def _is_model_host(rules: Rules, host: str) -> bool:
    named = [pattern for credential in rules.credentials if credential.kind == "claude" for pattern in credential.hosts]
    patterns = (*model_api.MODEL_HOSTS, *rules.model_hosts, *named)
    return any(matching.host_matches(pattern, host) for pattern in patterns)


def _check_graphql_head(asked: Asked, fields: Fields) -> None:
    types = [value for name, value in fields if name.lower() == b"content-type"]
    media = types[0].partition(b";") if len(types) == 1 else (b"", b"", b"")
    charset = media[2].strip().lower().replace(b'"', b"")
    if asked.method != "POST" or asked.target.query is not None:
        raise Refused(Reason.GRAPHQL_OPERATION_BLOCKED, "only POST without a query in the URL can be judged")
    if media[0].strip().lower() not in _GRAPHQL_TYPES or charset not in (b"", b"charset=utf-8"):
        raise Refused(Reason.GRAPHQL_OPERATION_BLOCKED, "only application/json in UTF-8 can be judged")


def inspect(planned: Plan, fields: Fields, raw: bytes) -> Inspected:
    """Judges a body, and cuts it where that is enough. What needs no change leaves byte for byte.

    Raises:
        Refused: it is not allowed, or cannot be read.
    """
    if planned.reach is not None and not raw and not planned.is_graphql:
        return Inspected(raw, fields)  # a request without a body: a GET of a batch's results
    document = _document(planned, fields, raw)
    shown = _check_operations(planned, document)
    if planned.reach is None:
        return Inspected(raw, fields, shown)
    held = model_api.hold(document, planned.reach)
    if held.document is document:
        return Inspected(raw, fields, shown)
    body = bodies.serialised(held.document)
    plain = tuple((name, value) for name, value in fields if name.lower() != b"content-encoding")
    return Inspected(body, plain, shown, held.changes)


def prepare(rules: Rules) -> None:
    """Loads what these rules will need, so that no request waits for it."""
    if rules.repository_scopes or any(entry.graphql is not None for entry in rules.entries):
        import proxy.github.scope  # noqa: F401 - it stays loaded


def _check_operations(planned: Plan, document: Json) -> str | None:
    if not planned.is_graphql:
        return None
    # Not at the top: graphql-core takes a quarter of a second, and few have a use for it.
    from proxy import operations
    from proxy.github import scope

    passed = [operations.check(document, guard) for guard in planned.guards]
    passed += [scope.check(document, repositories) for repositories in planned.scopes]
    return str(passed[0])


def _document(planned: Plan, fields: Fields, raw: bytes) -> Json:
    limit = MAX_GRAPHQL if planned.is_graphql else bodies.MAX_INSPECTED
    try:
        return bodies.parsed(bodies.decoded(raw, fields, limit))
    except TooLarge:
        if planned.is_graphql:
            raise Refused(Reason.GRAPHQL_OPERATION_BLOCKED, "the body is over 1 MiB") from None
        raise Refused(Reason.BODY_TOO_LARGE_TO_INSPECT, "over 32 MiB when decoded") from None
    except Undecodable as error:
        reason = Reason.GRAPHQL_OPERATION_BLOCKED if planned.is_graphql else Reason.BODY_NOT_INSPECTABLE
        raise Refused(reason, str(error)) from None
