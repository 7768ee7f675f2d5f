"""The scope against the schema that GitHub publishes: what it lets pass reads nothing of another repository."""

from collections import Counter

import pytest
from graphql import (
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_interface_type,
    is_leaf_type,
    is_object_type,
    parse,
)

from proxy.block import Refused
from proxy.github import scope
from proxy.github.paths import Place, leads_out
from proxy.rules import RepositoryScope
from tests.proxy.github.documents import Maker
from tests.proxy.github.world import CROSS, FORK, VARIABLE, Reader, bound, github

SCOPE = RepositoryScope("GH_APP", ("api.github.com",), frozenset([7]), frozenset(["acme/web"]))
DOCUMENTS = 500


@pytest.fixture
def schema() -> GraphQLSchema:
    found = github()
    if found is None:
        pytest.skip(f"{VARIABLE} does not name GitHub's GraphQL schema (npm: @octokit/graphql-schema)")
    return found


def test_what_passes_reads_nothing_of_another_repository(schema: GraphQLSchema) -> None:
    seen: Counter[str] = Counter()
    for seed in range(DOCUMENTS):
        maker = Maker(schema, seed)
        text = maker.document()
        reader = Reader(schema)
        reader.read(parse(text), maker.variables)
        try:
            scope.check({"query": text, "variables": maker.variables}, SCOPE)
        except Refused:
            seen["refused, and it would have leaked" if reader.leaks else "refused, out of caution"] += 1
        else:
            assert reader.leaks == [], text
            seen["passed"] += 1
    print(dict(seen))
    assert seen["passed"] > DOCUMENTS / 10
    assert seen["refused, and it would have leaked"] > DOCUMENTS / 10


def test_every_field_that_leads_from_a_repository_to_another_is_closed(schema: GraphQLSchema) -> None:
    edges = {(kind, field) for kind, fields in CROSS.items() for field in fields.split()}
    known = {(kind, field) for kind, field in edges if kind in schema.type_map and field in fields_of(schema, kind)}
    assert len(known) > 25
    dependency = ("DependencyGraphDependency", "repository")  # behind `dependencies`, which is closed
    open_ones = [edge for edge in known - {dependency} if not leads_out(edge[1], Place(edge[0]), selects=True)]
    assert open_ones == []
    assert all(Place("PullRequest").below(field, None).within is not None for _, field in FORK)


# One that needs the name of a repository, and the account that owns a project.
INNER = frozenset(["repository", "owner"])


def test_every_field_that_leads_from_an_account_into_a_repository_is_closed(schema: GraphQLSchema) -> None:
    """From Query the arguments say where it leads."""
    accounts = ["User", "Organization", "Team", "Topic", "Enterprise", "ProjectV2", "Bot", "Mannequin", "App", "Gist"]
    left = [
        f"{kind}.{name}"
        for kind in accounts
        for name, target in fields_of(schema, kind).items()
        if target & bound() and name not in INNER and not leads_out(name, Place(kind), selects=True)
    ]
    assert left == []


def fields_of(schema: GraphQLSchema, name: str) -> dict[str, set[str]]:
    """The composite fields of a type, and the objects that each may give, connections seen through."""
    kind = schema.type_map[name]
    if not (is_object_type(kind) or is_interface_type(kind)):
        return {}
    found: dict[str, set[str]] = {}
    for field, described in kind.fields.items():
        target = get_named_type(described.type)
        if is_object_type(target) and target.name.endswith("Connection") and "nodes" in target.fields:
            target = get_named_type(target.fields["nodes"].type)
        if not is_leaf_type(target):
            possible = schema.get_possible_types(target) if is_abstract_type(target) else [target]
            found[field] = {each.name for each in possible}
    return found
