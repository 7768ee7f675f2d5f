"""Makes documents that GitHub's schema allows, with what an attacker would play with: aliases, fragments, variables."""

import random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_required_argument,
    is_required_input_field,
)

from tests.proxy.github.world import IDS

DEPTH = 7
LIKELY = ("repository", "node", "organization", "user", "viewer", "nodes", "repositoryOwner", "search", "topic")
TEXTS = {"owner": ("acme",) * 19 + ("evil",), "name": ("web",) * 19 + ("x",), "login": ("acme",) * 9 + ("evil",)}
"""Mostly ours: of many names in a document, one that is not would refuse it."""


class Maker:
    """One document, by one seed."""

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self._schema = schema
        self._random = random.Random(seed)
        self._count = 0
        self._fragments: list[str] = []
        self._declared: list[str] = []
        self.variables: dict[str, Any] = {}

    def document(self) -> str:
        query = self._schema.query_type
        assert query is not None
        fields = [name for name in LIKELY if name in query.fields] + [self._random.choice(list(query.fields))]
        chosen = self._random.choices(
            fields, weights=[9, 5, 2, 1, 1, 2, 1, 0.3, 0.3, 2][: len(fields)], k=self._random.choice((1, 1, 2))
        )
        body = " ".join(self._field(name, query.fields[name], 0) for name in chosen)
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return " ".join([f"query Q{declared} {{{body}}}", *self._fragments])

    def _selection(self, kind: GraphQLNamedType, depth: int) -> str:
        """Between the braces, some of it in fragments."""
        if is_abstract_type(kind) and self._random.random() < 0.8:
            possible = sorted(each.name for each in self._schema.get_possible_types(kind))
            # Users, repositories and issues are what is worth reaching; the rest comes by chance.
            wanted = [
                name for name in possible if name in ("Repository", "Issue", "PullRequest", "User", "Organization")
            ]
            name = self._random.choice(wanted or possible)
            return f"... on {name} {{{self._selection(self._schema.type_map[name], depth)}}}"
        if not (is_object_type(kind) or is_interface_type(kind)):
            return "__typename"
        inner = [name for name, field in kind.fields.items() if not is_leaf_type(get_named_type(field.type))]
        leaves = [name for name, field in kind.fields.items() if name not in inner and not field.args]
        chosen = [self._random.choice(leaves)] if leaves else []
        if depth < DEPTH and inner:
            steps = [name for name in inner if name in ("nodes", "node", "edges")] or inner
            chosen += self._random.sample(steps, k=min(len(steps), self._random.choice((1, 1, 2))))
        text = " ".join(self._field(name, kind.fields[name], depth) for name in chosen) or "__typename"
        return self._hidden(text, kind.name)

    def _hidden(self, text: str, kind: str) -> str:
        way = self._random.random()
        if way < 0.15:
            return f"... on {kind} {{{text}}}"
        if way < 0.3:
            name = self._next("F")
            self._fragments.append(f"fragment {name} on {kind} {{{text}}}")
            return f"...{name}"
        return text

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        alias = self._random.choice(("", f"{self._next('a')}: "))
        given = [self._argument(key, argument) for key, argument in field.args.items() if self._is_given(key, argument)]
        arguments = f"({', '.join(given)})" if given else ""
        kind = get_named_type(field.type)
        below = "" if is_leaf_type(kind) else f" {{{self._selection(kind, depth + 1)}}}"
        return f"{alias}{name}{arguments}{below}"

    def _is_given(self, name: str, argument: GraphQLArgument) -> bool:
        return is_required_argument(argument) or name == "first" or (name in TEXTS and self._random.random() < 0.5)

    def _argument(self, name: str, argument: GraphQLArgument) -> str:
        value = self._value(name, argument.type)
        if self._random.random() < 0.3:
            variable = self._next("v")
            default = f" = {_literal(value)}" if self._random.random() < 0.3 else ""
            self._declared.append(f"${variable}: {argument.type}{default}")
            if not default:
                self.variables[variable] = _json(value)
            return f"{name}: ${variable}"
        return f"{name}: {_literal(value)}"

    def _value(self, name: str, kind: GraphQLInputType) -> Any:
        if is_non_null_type(kind):
            return self._value(name, kind.of_type)
        if is_list_type(kind):
            return [self._value(name, kind.of_type)]
        if is_input_object_type(kind):
            return {key: self._value(key, f.type) for key, f in kind.fields.items() if is_required_input_field(f)}
        if is_enum_type(kind):
            return _Name(next(iter(kind.values)))
        if getattr(kind, "name", "") == "ID":
            return self._random.choices(list(IDS), weights=[9 if home != "theirs" else 1 for home in IDS.values()])[0]
        if getattr(kind, "name", "") in ("Int", "Boolean"):
            return {"Int": 1, "Boolean": True}[getattr(kind, "name", "")]
        return self._random.choice(TEXTS.get(name, ("x",)))

    def _next(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


class _Name(str):
    """A value of an enumeration, which is written without quotes."""


def _literal(value: Any) -> str:
    if isinstance(value, _Name):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_literal(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _json(value: Any) -> Any:
    return str(value) if isinstance(value, _Name) else value
