"""GraphQL operation rules: which fields a document really asks for, and whether they are allowed (network.md §6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    Lexer,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    parse,
)

from proxy import glob
from proxy.block import Reason, Refused
from proxy.bodies import Json
from proxy.rules import Graphql

MAX_TOKENS = 20_000
MAX_DEPTH = 64  # of braces, brackets and parentheses together: a fraction of what the parser's recursion can take
MEMBERS = frozenset(["query", "operationName", "variables", "extensions"])  # any other could name a stored document
_OPENING = frozenset([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L])
_CLOSING = frozenset([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R])


@dataclass(frozen=True)
class Operation:
    """The operation a server would execute: its kind, and its root fields under their real names."""

    kind: str
    fields: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.kind} {','.join(self.fields)}"


def check(body: Json, rules: Graphql) -> Operation:
    """The operation of a request, which is allowed.

    Raises:
        Refused: it is not, or which one it is cannot be told.
    """
    operation = select(body).operation
    patterns = {"query": rules.queries, "mutation": rules.mutations, "subscription": rules.subscriptions}
    allowed = patterns[operation.kind]
    blocked = [name for name in operation.fields if not any(_matches(pattern, name) for pattern in allowed)]
    if blocked or not allowed:
        shown = f"{operation.kind} {blocked[0][:100] if blocked else ''}".strip()
        raise _refused(f"{shown}; allowed: {', '.join(allowed)[:500] or 'none'}")
    return operation


def _matches(pattern: str, name: str) -> bool:
    """Introspection (`__schema`, `__type`) needs a pattern of its own; `*` does not reach it."""
    return name.startswith("__") <= pattern.startswith("__") and glob.matches(pattern, name)


def _refused(detail: str) -> Refused:
    return Refused(Reason.GRAPHQL_OPERATION_BLOCKED, detail)


@dataclass(frozen=True)
class Selected:
    """The operation that a server would execute, and the fragments it may spread."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]

    @property
    def operation(self) -> Operation:
        """Its kind and its root fields."""
        fields = dict.fromkeys(_root_fields(self.node.selection_set, self.fragments))
        return Operation(self.node.operation.value, tuple(name for name in fields if name != "__typename"))


def select(body: Json) -> Selected:
    """What a request asks a GraphQL server to do (GraphQL over HTTP §5.4).

    Raises:
        Refused: a batch, a stored document, no or several documents, several operations and no choice among them.
    """
    if not isinstance(body, dict):
        raise _refused("not a single request")
    query, chosen, extensions = body.get("query"), body.get("operationName"), body.get("extensions")
    if not isinstance(query, str):
        raise _refused("no query")
    if not body.keys() <= MEMBERS or (isinstance(extensions, dict) and "persistedQuery" in extensions):
        raise _refused("names a stored document, or an unknown member")
    if not isinstance(chosen, str | None):
        raise _refused("operationName is not a string")
    try:
        return _selected(query, chosen)
    except (GraphQLError, RecursionError) as error:
        raise _refused("not a GraphQL document") from error


def _selected(text: str, chosen: str | None) -> Selected:
    _check_tokens(text)
    document = parse(text, no_location=True)
    operations: list[OperationDefinitionNode] = []
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations.append(definition)
        elif isinstance(definition, FragmentDefinitionNode) and definition.name.value not in fragments:
            fragments[definition.name.value] = definition
        else:
            raise _refused("a definition that cannot be executed, or a fragment there twice")
    _check_fragments(document.definitions, fragments)
    return Selected(_choose(operations, chosen), fragments)


def _check_tokens(text: str) -> None:
    lexer, count, depth = Lexer(Source(text)), 0, 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        count += 1
        depth += (token.kind in _OPENING) - (token.kind in _CLOSING)
        if count > MAX_TOKENS or depth > MAX_DEPTH:
            raise _refused(f"over {MAX_TOKENS} tokens, or nested over {MAX_DEPTH} levels")


def _choose(operations: list[OperationDefinitionNode], chosen: str | None) -> OperationDefinitionNode:
    names = [operation.name.value if operation.name else None for operation in operations]
    if len(set(names)) != len(names) or (None in names and len(names) > 1):
        raise _refused("operations that cannot be told apart")
    if len(operations) == 1 and not chosen:  # some servers take "" for none; it makes no difference with one operation
        return operations[0]
    if chosen not in names or not chosen:
        raise _refused("operationName picks no operation")
    return operations[names.index(chosen)]


def _check_fragments(definitions: tuple[Node, ...], fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """Every spread names a fragment, and none leads back to itself (GraphQL §5.5.2)."""
    spreads = [set(_spreads(definition)) for definition in definitions]
    if not set().union(*spreads) <= fragments.keys():
        raise _refused("an unknown fragment")
    graph = {
        definition.name.value: names
        for definition, names in zip(definitions, spreads, strict=True)
        if isinstance(definition, FragmentDefinitionNode)
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        raise _refused("a fragment that contains itself") from None


def _spreads(definition: Node) -> Iterator[str]:
    waiting: list[SelectionSetNode | None] = [getattr(definition, "selection_set", None)]
    while waiting:
        selection_set = waiting.pop()
        for selection in selection_set.selections if selection_set is not None else ():
            if isinstance(selection, FragmentSpreadNode):
                yield selection.name.value
            elif isinstance(selection, FieldNode | InlineFragmentNode):
                waiting.append(selection.selection_set)


def _root_fields(root: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    """Through inline and named fragments; `@skip` and `@include` leave nothing out, aliases hide nothing."""
    waiting, seen = [root], set[str]()
    while waiting:
        for selection in waiting.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            elif isinstance(selection, InlineFragmentNode):
                waiting.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                waiting.append(fragments[selection.name.value].selection_set)
