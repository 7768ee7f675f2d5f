"""GitHub as its own schema describes it, with two repositories and a fork: who executes a document sees which it reads.

What leads from one repository to another stands here by type and field, as the schema has it; the proxy knows names only.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from graphql import (
    DocumentNode,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    build_schema,
    execute_sync,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_union_type,
)

from tests.proxy.github.ids import new

VARIABLE = "AIRUT_GITHUB_GRAPHQL"
Home = Literal["ours", "theirs", "fork"] | None
OURS, THEIRS, USER = new("R", 0, 7), new("R", 0, 8), new("U", 0, 9)
IDS: dict[str, Home] = {
    OURS: "ours", new("I", 0, 7, 1): "ours", new("PR", 0, 7, 1): "ours",
    THEIRS: "theirs", new("I", 0, 8, 1): "theirs", USER: None,
}  # fmt: skip
KINDS = {"R": "Repository", "I": "Issue", "PR": "PullRequest", "U": "User"}
NEUTRAL = frozenset([
    "Query", "User", "Organization", "Bot", "Mannequin", "EnterpriseUserAccount", "Enterprise", "Team", "App", "Topic",
    "License", "Language", "ProjectV2", "Project", "ProjectColumn", "Gist", "SponsorsListing", "MarketplaceListing", "CodeOfConduct",
    "RepositoryRuleset", "RepositoryRule", "SecurityAdvisory", "TeamDiscussion", "TeamDiscussionComment", "IpAllowListEntry",
])  # fmt: skip
"""Types of objects that are no repository's, wherever they are met."""
FORK = {("PullRequest", "headRepository"), ("PullRequest", "headRef")}
TOLD = frozenset(["id", "databaseId", "name", "nameWithOwner", "url", "isFork", "isPrivate", "owner", "prefix"])
"""What may be told of a fork."""
CROSS = {
    "Repository": "parent templateRepository forks",
    "Issue": "parent subIssues trackedIssues trackedInIssues closedByPullRequestsReferences blockedBy blocking linkedBranches",
    "PullRequest": "closingIssuesReferences",
    "CrossReferencedEvent": "source",
    "ConnectedEvent": "source subject",
    "DisconnectedEvent": "source subject",
    "ReferencedEvent": "commit commitRepository",
    "MarkedAsDuplicateEvent": "canonical duplicate",
    "UnmarkedAsDuplicateEvent": "canonical duplicate",
    "TransferredEvent": "fromRepository",
    "ClosedEvent": "closer",
    "ParentIssueAddedEvent": "parent",
    "ParentIssueRemovedEvent": "parent",
    "SubIssueAddedEvent": "subIssue",
    "SubIssueRemovedEvent": "subIssue",
    "DependencyGraphDependency": "repository",
    "HeadRefForcePushedEvent": "ref",
}
"""Fields of a repository's objects that may give another repository's."""


@cache
def github() -> GraphQLSchema | None:
    """The schema that GitHub publishes (npm: `@octokit/graphql-schema`), if the environment names it."""
    path = os.environ.get(VARIABLE)
    return build_schema(Path(path).read_text(), assume_valid=True) if path else None


def is_neutral(name: str) -> bool:
    """Whether objects of a type are nobody's repository's: a project's own, but not its items, which are issues."""
    return name in NEUTRAL or (name.startswith("ProjectV2") and not name.startswith("ProjectV2Item"))


@cache
def bound() -> frozenset[str]:
    """Every type of object that belongs to a repository: what can be had of one, without what is neutral."""
    schema = github()
    assert schema is not None
    found, waiting = set[str](), ["Repository"]
    while waiting:
        name = waiting.pop()
        kind = schema.type_map[name]
        if name in found or is_neutral(name):
            continue
        found.add(name)
        if is_abstract_type(kind):
            waiting += [possible.name for possible in schema.get_possible_types(kind)]
        if is_object_type(kind) or is_interface_type(kind):
            waiting += [
                get_named_type(f.type).name for f in kind.fields.values() if not is_leaf_type(get_named_type(f.type))
            ]
    objects = (kind for name in found if is_object_type(kind := schema.type_map[name]))
    return frozenset(kind.name for kind in objects if any(each.name == "Node" for each in kind.interfaces))


@dataclass(frozen=True)
class Thing:
    """One object: its type, and whose it is."""

    type: str
    home: Home
    login: str | None = None


@dataclass
class Reader:
    """Executes documents, and keeps what was read of a repository that is not ours."""

    schema: GraphQLSchema
    leaks: list[str] = field(default_factory=list)

    def read(self, document: DocumentNode, variables: Mapping[str, Any], operation: str | None = None) -> None:
        execute_sync(
            self.schema,
            document,
            Thing("Query", None),
            variable_values=dict(variables),
            operation_name=operation,
            field_resolver=self._resolve,
            type_resolver=lambda thing, *_: thing.type,
        )

    def _resolve(self, parent: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        parent = parent if isinstance(parent, Thing) else Thing(info.parent_type.name, None)
        if parent.type in bound() and (
            parent.home == "theirs" or (parent.home == "fork" and info.field_name not in TOLD)
        ):
            self.leaks.append(f"{parent.type}.{info.field_name}")
        return self._value(info.return_type, parent, info, given)

    def _value(
        self, kind: GraphQLOutputType, parent: Thing, info: GraphQLResolveInfo[Any], given: dict[str, Any]
    ) -> Any:
        if is_non_null_type(kind):
            return self._value(kind.of_type, parent, info, given)
        if is_list_type(kind):
            return [self._value(kind.of_type, parent, info, given)]
        named = get_named_type(kind)
        if is_leaf_type(named):
            return next(iter(named.values)) if isinstance(named, GraphQLEnumType) else LEAVES.get(named.name, "x")
        return self._thing(named, parent, info, given)

    def _thing(
        self, kind: GraphQLNamedType, parent: Thing, info: GraphQLResolveInfo[Any], given: dict[str, Any]
    ) -> Thing:
        name = self._concrete(kind, info)
        named = [value for value in _texts(given) if value in IDS]
        if named and info.parent_type.name in ("Query", "Mutation"):
            homes = {IDS[value] for value in named}
            home: Home = next((each for each in ("theirs", "ours") if each in homes), None)
            return Thing(KINDS[named[0].partition("_")[0]], home)
        if info.field_name == "repository" and "name" in given:
            owner = given.get("owner", parent.login)
            return Thing(name, "ours" if (owner, given["name"]) == ("acme", "web") else "theirs")
        return Thing(name, self._home(name, parent, info.field_name), given.get("login"))

    def _home(self, name: str, parent: Thing, field_name: str) -> Home:
        if (parent.type, field_name) in FORK:
            return "fork"
        if parent.home is not None:
            crosses = field_name in CROSS.get(parent.type, "").split()
            return None if is_neutral(name) else "theirs" if crosses else parent.home
        return "theirs" if name in bound() else None

    def _concrete(self, kind: GraphQLNamedType, info: GraphQLResolveInfo[Any]) -> str:
        """Of an abstract type the one that the document asks for, so that its fragments are executed."""
        if not (is_interface_type(kind) or is_union_type(kind)):
            return kind.name
        possible = {each.name for each in self.schema.get_possible_types(_abstract(kind))}
        if kind.name in ("ProjectV2Owner", "ProjectOwner"):  # whoever it was found at: an account, or our repository
            possible = {"Organization", "User"}
        for node in info.field_nodes:
            for selection in node.selection_set.selections if node.selection_set else ():
                if isinstance(selection, InlineFragmentNode) and selection.type_condition is not None:
                    condition = selection.type_condition.name.value
                    if condition in possible:
                        return condition
        return min(possible)


LEAVES: dict[str, Any] = {"Int": 1, "Float": 1.0, "Boolean": True}


def _abstract(kind: GraphQLNamedType) -> GraphQLAbstractType:
    assert is_interface_type(kind) or is_union_type(kind)
    return kind


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]
