"""GraphQL at GitHub, held to the repositories of an App's token (credentials.md §7.1).

The token itself is good for its repositories only, but it reads whatever is public besides: without this a request
could fetch what somebody has laid down in a repository of his own. A document is walked as GitHub would execute it,
and every way from one repository to another is closed: by name, by id, by a search, and by the fields that lead there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)

from proxy.block import Reason, Refused
from proxy.bodies import Json
from proxy.github import node_ids, paths
from proxy.github.paths import Place
from proxy.github.values import UNRESOLVED, Values
from proxy.operations import Operation, select
from proxy.rules import RepositoryScope

_REFERENCES = ("Id", "Ids")
# Node ids under names that do not end in `Id`: AddPullRequestReviewCommentInput, UpdateEnvironmentInput,
# User.contributionsCollection.
_OTHER_REFERENCES = frozenset(["id", "ids", "inReplyTo", "reviewers", "organizationID"])
# Objects that are named by their URL, which leads to any repository: Query.resource, AddSubIssueInput.
_URLS = frozenset(["subIssueUrl", "issueUrl", "pullRequestUrl"])


def check(body: Json, scope: RepositoryScope) -> Operation:
    """The operation of a request that stays within the repositories.

    Raises:
        Refused: it leaves them, or it cannot be told whether it does.
    """
    selected = select(body)
    given = body.get("variables") if isinstance(body, dict) else None
    walk = _Walk(scope, Values.of(selected.node, given), selected.fragments)
    walk.directives(selected.node.directives)
    walk.selections(selected.node.selection_set)
    return selected.operation


def refused(detail: str) -> Refused:
    """A refusal for this module's reason."""
    return Refused(Reason.GRAPHQL_REPO_SCOPE_BLOCKED, detail)


class _Walk:
    """Every field that may be executed, each with the place it stands in; a fragment once for each such place."""

    def __init__(self, scope: RepositoryScope, values: Values, fragments: Mapping[str, Any]) -> None:
        self._scope = scope
        self._values = values
        self._fragments = fragments
        self._seen: set[tuple[str, Place]] = set()

    def selections(self, root: SelectionSetNode) -> None:
        waiting = [(root, paths.ROOT)]
        while waiting:
            found, place = waiting.pop()
            for selection in found.selections:
                waiting += self._below(selection, place)

    def _below(self, selection: Any, place: Place) -> Iterator[tuple[SelectionSetNode, Place]]:
        self.directives(selection.directives)
        if isinstance(selection, FieldNode):
            inner = self._field(selection, place)
            if selection.selection_set is not None:
                yield selection.selection_set, inner
        elif isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            yield selection.selection_set, place if condition is None else place.of_type(condition.name.value)
        elif isinstance(selection, FragmentSpreadNode):
            fragment = self._fragments[selection.name.value]
            inner = place.of_type(fragment.type_condition.name.value)
            if (selection.name.value, inner) not in self._seen:
                self._seen.add((selection.name.value, inner))
                self.directives(fragment.directives)
                yield fragment.selection_set, inner

    def directives(self, directives: tuple[DirectiveNode, ...] | None) -> None:
        for directive in directives or ():
            for name, value in self._values.arguments(directive.arguments).items():
                self._argument(name, value)

    def _field(self, node: FieldNode, place: Place) -> Place:
        """Judges a field with its arguments; returns the place that what it selects stands in."""
        name = node.name.value
        if paths.leads_out(name, place, selects=node.selection_set is not None):
            raise refused(f"the field {name[:100]} leads to other repositories")
        arguments = self._values.arguments(node.arguments)
        for argument, value in arguments.items():
            self._argument(argument, value)
        if name == "repository" and arguments:
            self._repository(arguments, place)
        owner = _text(arguments.get("login"))
        known = owner is not None and owner.lower() in self._scope.owners and name in paths.OWNERS
        return place.below(name, owner.lower() if owner is not None and known else None)

    def _repository(self, arguments: Mapping[str, Json], place: Place) -> None:
        owner = _text(arguments["owner"]) if "owner" in arguments else place.owner
        name = _text(arguments.get("name"))
        if owner is None or name is None:
            raise refused("a repository whose owner or name cannot be told")
        self._named(f"{owner}/{name}")

    def _named(self, name: str) -> None:
        if name.lower() not in self._scope.names:
            raise refused(f"the repository {name[:100]} is not one of the token's")

    def _argument(self, name: str, value: Json) -> None:
        """One argument or member of an input object, and all below it."""
        if name in _OTHER_REFERENCES or (name.endswith(_REFERENCES) and name != "clientMutationId"):
            self._ids(name, value)
        elif name == "repositoryNameWithOwner" and value is not None:
            named = _text(value)
            if named is None:
                raise refused("a repositoryNameWithOwner that cannot be told")
            self._named(named)
        elif name in _URLS and value is not None:
            raise refused(f"{name} may lead to another repository; name the object by its id")
        elif name == "headRef" and ":" in (_text(value) or ":"):
            raise refused("headRef leads to a fork")
        for member, inner in _members(value):
            self._argument(member, inner)

    def _ids(self, name: str, value: Json) -> None:
        if isinstance(value, list):
            for item in value:
                self._ids(name, item)
        elif value is not None and not isinstance(value, dict):
            homes = node_ids.homes(value) if isinstance(value, str) and value is not UNRESOLVED else frozenset()
            if not homes:
                raise refused(f"{name[:100]} cannot be read as an object of a repository")
            if not homes <= {node_ids.ACCOUNT, *self._scope.ids}:
                raise refused(f"{name[:100]} names an object of another repository")


def _members(value: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        for item in value:
            yield from _members(item)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value is not UNRESOLVED else None
