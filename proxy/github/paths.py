"""The fields of GitHub's GraphQL schema that lead from one repository to another, or from an account to any.

Names, not types: a server has its own version of the schema. Where one name is used for both, it is refused unless
the type it stands in is known to be a repository's own. A test holds this to the schema that GitHub publishes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

OWNERS = frozenset(["organization", "user", "repositoryOwner"])
"""Fields that are an account, named by the argument `login`."""

_ANYWHERE = frozenset([
    # whatever matches, and whatever a URL leads to
    "search", "resource", "itemShowcase", "pinnedItems", "pinnableItems", "watching", "auditLog", "items", "lists",
    # an account's own
    "contributionsCollection", "issueComments", "gist", "gists", "gistComments", "repositoryDiscussions",
    "repositoryDiscussionComments", "featuredItems", "cards", "pendingCards", "pendingCollaboratorInvitations",
    # a repository's relatives
    "parent", "templateRepository", "forks", "dependencies", "commitRepository", "fromRepository", "linkedBranches",
    # an issue's or pull request's relatives, which may live in any repository
    "subIssue", "subIssues", "blockedBy", "blocking", "blockedIssues", "trackedIssues", "trackedInIssues",
    "blockingIssue", "blockedIssue", "closingIssuesReferences", "closedByPullRequestsReferences", "closer",
    "canonical", "duplicate", "duplicateOf", "source",
    # those that make a repository, or bring one in
    "createRepository", "cloneTemplateRepository", "importProject", "startRepositoryMigration",
    "startOrganizationMigration", "createMigrationSource",
])  # fmt: skip
# A pull request's head may be in a fork: it may be told, and no more.
_HEADS = {
    "headRepository": frozenset(
        ["__typename", "id", "databaseId", "name", "nameWithOwner", "url", "isFork", "isPrivate", "owner"]
    ),
    "headRef": frozenset(["__typename", "id", "name", "prefix"]),
}
_OF_OWNER = frozenset(["__typename", "id", "login", "url"])
# An account has these, and a repository (or its label or milestone) as well.
_AMBIGUOUS = frozenset(["issues", "pullRequests", "commitComments", "packages", "subject"])
# Of these types only: what they give may be in a fork, or in whatever repository mentions this one.
_OF_TYPE = frozenset([("ReferencedEvent", "commit"), ("HeadRefForcePushedEvent", "ref")])
_REPOSITORY_TYPES = frozenset(["Repository", "Label", "Milestone"])
_TYPES = {
    "repository": "Repository",
    "baseRepository": "Repository",
    "label": "Label",
    "labels": "Label",
    "milestone": "Milestone",
    "milestones": "Milestone",
}
_CONNECTIONS = frozenset(["nodes", "edges", "node"])


@dataclass(frozen=True)
class Place:
    """What is known of the object whose fields are selected."""

    type: str | None = None
    owner: str | None = None
    """The login of the account that it is, when that owns one of the token's repositories."""
    within: frozenset[str] | None = None
    """The only fields that may be asked of it, where it is another repository's or may be."""

    def below(self, field: str, owner: str | None) -> Place:
        """The place of what one of its fields selects."""
        if self.within is not None:
            return Place(within=_OF_OWNER)
        if field in _HEADS:
            return Place(within=_HEADS[field])
        return Place(self.type if field in _CONNECTIONS else _TYPES.get(field), owner)

    def of_type(self, condition: str) -> Place:
        """The same object, known to be of a type."""
        return replace(self, type=condition)


ROOT = Place()


def leads_out(field: str, place: Place, *, selects: bool) -> bool:
    """Whether what a field gives may belong to a repository that no argument has named. Without a selection it is a
    value, such as a count."""
    if place.within is not None and field not in place.within:
        return True
    if field in _ANYWHERE or field.endswith(("Repositories", "repositories")) or field.startswith("repositories"):
        return selects
    if field in _AMBIGUOUS:
        return selects and place.type not in _REPOSITORY_TYPES
    return selects and (place.type, field) in _OF_TYPE
