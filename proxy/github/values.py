"""Arguments of a GraphQL document as the server will see them: variables and defaults put in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ConstArgumentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

from proxy.block import Reason, Refused
from proxy.bodies import Json

UNRESOLVED = "\0unresolved"
"""Stands for a variable without a value. Compared by identity: no text of a request is this very object."""


@dataclass(frozen=True)
class Values:
    """The values of one operation's variables."""

    variables: Mapping[str, Json]

    @classmethod
    def of(cls, operation: OperationDefinitionNode, given: Json) -> Values:
        """What was sent, and the defaults of what was not.

        Raises:
            Refused: the variables are no object, or one is declared twice.
        """
        if not isinstance(given, dict | None):
            raise _refused("variables is not an object")
        declared = [definition.variable.name.value for definition in operation.variable_definitions or ()]
        if len(set(declared)) != len(declared):
            raise _refused("a variable is declared twice")
        constants = cls({})
        defaults = {
            definition.variable.name.value: constants.value(definition.default_value)
            for definition in operation.variable_definitions or ()
            if definition.default_value is not None
        }
        return cls({**defaults, **(given or {})})

    def arguments(self, nodes: Iterable[Any] | None) -> dict[str, Json]:
        """A field's or an object's members.

        Raises:
            Refused: one is there twice, of which a server takes either.
        """
        found: dict[str, Json] = {}
        node: ConstArgumentNode
        for node in nodes or ():
            if node.name.value in found:
                raise _refused(f"{node.name.value[:100]} is given twice")
            found[node.name.value] = self.value(node.value)
        return found

    def value(self, node: ValueNode) -> Json:
        """A literal, with its variables replaced. Numbers and names of enumerations are text, as an id is."""
        if isinstance(node, VariableNode):
            return self.variables.get(node.name.value, UNRESOLVED)
        if isinstance(node, NullValueNode):
            return None
        if isinstance(node, ListValueNode):
            return [self.value(item) for item in node.values]
        if isinstance(node, ObjectValueNode):
            return self.arguments(node.fields)
        text: str = str(getattr(node, "value", ""))
        return text


def _refused(detail: str) -> Refused:
    return Refused(Reason.GRAPHQL_REPO_SCOPE_BLOCKED, detail)
