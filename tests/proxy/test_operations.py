"""network.md §6: which fields a GraphQL document asks for, and which of them are allowed."""

from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    execute_sync,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from proxy import operations
from proxy.block import Reason, Refused
from proxy.operations import Operation
from proxy.rules import Graphql

RULES = Graphql(queries=("viewer", "repo*", "__type"), mutations=("addComment", "addReactio?"), subscriptions=())


def body(query: Any, **more: Any) -> dict[str, Any]:
    return {"query": query, **more}


def chain(levels: int) -> str:
    """A root field behind so many named fragments."""
    return "{...f1}" + "".join(
        f" fragment f{n} on Query {{ {'viewer' if n == levels else f'...f{n + 1}'} }}" for n in range(1, levels + 1)
    )


ALLOWED: list[tuple[dict[str, Any], Operation]] = [
    (body("{viewer{login}}"), Operation("query", ("viewer",))),
    (body("query A($a: Int = 1) @x {viewer(first: $a) repository}"), Operation("query", ("viewer", "repository"))),
    (body("{a: viewer b: viewer}"), Operation("query", ("viewer",))),
    (body("{deleteAll: viewer{x}}"), Operation("query", ("viewer",))),
    (body("{__typename viewer}"), Operation("query", ("viewer",))),
    (body("{__typename}"), Operation("query", ())),
    (body('{__type(name: "X"){name}}'), Operation("query", ("__type",))),
    (body("{...on Query{...on Query{viewer}}}"), Operation("query", ("viewer",))),
    (body("mutation{addComment(input:{}){id} addReaction}"), Operation("mutation", ("addComment", "addReaction"))),
    (body("query A{viewer} mutation B{deleteAll}", operationName="A"), Operation("query", ("viewer",))),
    (body("query A{viewer}", operationName=None), Operation("query", ("viewer",))),
    (body("query A{viewer}", operationName=""), Operation("query", ("viewer",))),
    (body("{viewer}", variables={"a": 1}, extensions={"x": 1}), Operation("query", ("viewer",))),
    (body("#c\n{viewer,,,}"), Operation("query", ("viewer",))),
    *[(body(chain(levels)), Operation("query", ("viewer",))) for levels in range(1, 11)],
]


@pytest.mark.parametrize(("request_body", "operation"), ALLOWED, ids=lambda value: str(value)[:50])
def test_what_is_allowed(request_body: dict[str, Any], operation: Operation) -> None:
    assert operations.check(request_body, RULES) == operation


BLOCKED: list[Any] = [
    body("{user}"),
    body("{Viewer}"),
    body("{viewer: user}"),  # an alias hides nothing
    body("{viewer user}"),
    body("{viewer @skip(if: true) user @skip(if: true)}"),
    body("{viewer user @include(if: false)}"),
    body("{viewer ...on Query{user}}"),
    body("{viewer ...{user}}"),
    body("{...f} fragment f on Query{viewer user}"),
    body("{...f} fragment f on Query{...on Query{...g}} fragment g on Query{user}"),
    body(chain(3).replace("viewer", "user")),
    body("{__schema{types{name}}}"),
    body("mutation{deleteAll}"),
    body("mutation{a: addComment deleteAll}"),
    body("mutation{addComment}", operationName="addComment"),
    body("subscription{viewer}"),
    body("subscription{__typename}"),
    body("query A{viewer} mutation B{deleteAll}", operationName="B"),
    body("query A{viewer} query B{viewer}"),
    body("query A{viewer} query B{viewer}", operationName=""),
    body("query A{viewer} query B{viewer}", operationName="C"),
    body("query A{viewer} query A{user}", operationName="A"),
    body("{viewer} query A{user}", operationName="A"),
    body("{viewer} {user}"),
    body("query A{viewer}", operationName=["A"]),
    body("{...f} fragment f on Query{...f}"),
    body("{...f} fragment f on Query{...g} fragment g on Query{viewer ...f}"),
    body("{viewer{...f}} fragment f on User{friends{...f}}"),
    body("{...f}"),
    body("{viewer{...f}}"),
    body("{...f} fragment f on Query{viewer} fragment f on Query{user}"),
    body("{viewer} type X{a: Int}"),
    body("{viewer} extend schema @a"),
    body(""),
    body("{viewer"),
    body("{viewer}}"),
    body("viewer"),
    body("{viewer}\0"),
    body("﻿ ﻿{viewer} &"),
    body("fragment f on Query{viewer}"),
    body('{viewer(a: "\\uD800")}'),
    body("{" * 500 + "viewer" + "}" * 500),
    body("{viewer(a: " + "[" * 5_000 + "]" * 5_000 + ")}"),
    body("{" + "viewer " * 20_001 + "}"),
    body(None),
    body(7),
    body(["{viewer}"]),
    {},
    {"operationName": "A", "extensions": {"persistedQuery": {"sha256Hash": "x"}}},
    body("{viewer}", extensions={"persistedQuery": {"version": 1, "sha256Hash": "x"}}),
    body("{viewer}", id="stored"),
    body("{viewer}", doc_id="stored"),
    body("{viewer}", documentId="stored"),
    body("{viewer}", Query="{user}"),
    [body("{viewer}")],
    [],
    "{viewer}",
    None,
]


@pytest.mark.parametrize("request_body", BLOCKED, ids=lambda value: str(value)[:50])
def test_what_is_blocked(request_body: Any) -> None:
    with pytest.raises(Refused) as refused:
        operations.check(request_body, RULES)
    assert refused.value.reason is Reason.GRAPHQL_OPERATION_BLOCKED


def test_the_refusal_says_which_field_and_what_is_allowed() -> None:
    with pytest.raises(Refused) as refused:
        operations.check(body("mutation{x: deleteAll}"), RULES)
    assert refused.value.detail == "mutation deleteAll; allowed: addComment, addReactio?"


def test_introspection_needs_a_pattern_of_its_own() -> None:
    star = Graphql(("*",), ("*",), ("*",))
    with pytest.raises(Refused):
        operations.check(body("{__schema{types{name}}}"), star)
    assert operations.check(body("{__schema{types{name}}}"), Graphql(("__*",), (), ())).fields == ("__schema",)


FIELDS = ["viewer", "user", "repository", "search"]
FRAGMENTS = ["F", "G", "H"]
NAME = st.sampled_from(FIELDS)
ALIAS = st.sampled_from(["", "viewer: ", "x: ", "user: "])
DIRECTIVE = st.sampled_from(["", "", " @include(if: true)", " @skip(if: false)", " @skip(if: true)"])


def selections(spreads: list[str]) -> st.SearchStrategy[str]:
    """What may stand between braces; fragments lead only to later ones, so that none contains itself."""
    field = st.builds("{}{}{}".format, ALIAS, NAME, DIRECTIVE)
    leaves = (
        field if not spreads else st.one_of(field, st.builds("...{}{}".format, st.sampled_from(spreads), DIRECTIVE))
    )
    several = st.lists(leaves, min_size=1, max_size=4).map(" ".join)
    return st.recursive(several, lambda inner: st.builds("{} ... on Query{} {{ {} }}".format, leaves, DIRECTIVE, inner))


DOCUMENT = st.tuples(selections(FRAGMENTS), *(selections(FRAGMENTS[n + 1 :]) for n in range(len(FRAGMENTS)))).map(
    lambda parts: (
        f"query A {{ {parts[0]} }}"
        + "".join(f" fragment {name} on Query {{ {part} }}" for name, part in zip(FRAGMENTS, parts[1:], strict=True))
    )
)


@given(text=DOCUMENT)
def test_no_field_is_executed_that_was_not_collected(text: str) -> None:
    executed: set[str] = set()

    def field(name: str) -> GraphQLField:
        return GraphQLField(GraphQLString, resolve=lambda *_: executed.add(name))

    schema = GraphQLSchema(GraphQLObjectType("Query", {name: field(name) for name in FIELDS}))
    assert execute_sync(schema, parse(text)).errors is None
    collected = set(operations.select({"query": text}).operation.fields)
    assert executed <= collected
    if ":" not in text and "@skip(if: true)" not in text:  # of two fields under one alias, the first is executed
        assert executed == collected


PIECES = st.sampled_from([*'{}()[]:$@!.|&="\\ #\n,ab0', "query ", "mutation ", "fragment ", "on ", "...", '"""'])


@given(text=st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_an_operation_or_blocked(text: str) -> None:
    try:
        found = operations.select({"query": text}).operation
    except Refused as refused:
        assert refused.reason is Reason.GRAPHQL_OPERATION_BLOCKED  # noqa: PT017 - it may also be one
    else:
        assert found.kind in ("query", "mutation", "subscription")
