"""Named groups of allowlist entries, versioned with the product (network.md §5)."""

import re
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from airut.models.base import Model
from airut.models.policy.model_endpoint import ModelEndpoint

Access = Literal["read", "write"]
MODEL = "anthropic"
NAMES = ("anthropic", "github", "pypi", "npm", "crates", "go", "apt")
READ = ("GET", "HEAD")
MOST_PER_REPOSITORY = 13
"""Entries that `github` has for each repository, at most."""
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+\Z")
_APT_HOSTS = (
    "deb.debian.org",
    "security.debian.org",
    "ftp.debian.org",
    "archive.ubuntu.com",
    "*.archive.ubuntu.com",
    "security.ubuntu.com",
    "ports.ubuntu.com",
)


class Preset(Model):
    """A preset as a file or the server's configuration names it. `repositories` empty: the task's own."""

    name: str
    repositories: tuple[str, ...] = ()
    access: Access = "read"


class Operations(NamedTuple):
    """Root fields that a GraphQL endpoint may be asked for."""

    queries: tuple[str, ...]
    mutations: tuple[str, ...] = ()


class PresetEntry(NamedTuple):
    """One entry a preset expands to; every host and path here is written by us and valid as it stands."""

    host: str
    path: str | None = None
    methods: tuple[str, ...] = ()
    query: Mapping[str, tuple[str, ...]] | None = None
    schemes: tuple[Literal["https", "http"], ...] = ("https",)
    graphql: Operations | None = None
    ports: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()


def union(presets: Iterable[Preset], repository: str) -> tuple[Preset, ...]:
    """Each preset once, in the order of first mention, with the arguments of all mentions together."""
    merged: dict[str, Preset] = {}
    for preset in presets:
        named = preset.repositories or ((repository,) if preset.name == "github" else ())
        before = merged.get(preset.name)
        if before is None:
            merged[preset.name] = Preset(name=preset.name, repositories=named, access=preset.access)
            continue
        merged[preset.name] = Preset(
            name=preset.name,
            repositories=tuple(dict.fromkeys((*before.repositories, *named))),
            access="write" if "write" in (before.access, preset.access) else "read",
        )
    return tuple(merged.values())


def expand(preset: Preset) -> tuple[PresetEntry, ...]:
    """The entries of one preset.

    Raises:
        KeyError: there is no preset of this name.
    """
    if preset.name == "github":
        own = [entry for repository in preset.repositories for entry in _github(repository, preset.access)]
        return (*own, *_GITHUB_FILES, _github_graphql(preset.access)) if own else ()
    return _FIXED[preset.name]


def model(endpoint: ModelEndpoint, addresses: tuple[str, ...]) -> tuple[PresetEntry, ...]:
    """`anthropic` for a gateway, which may have private addresses: it is the operator who names both."""
    ports = () if endpoint.port == 443 else (endpoint.port,)
    return tuple(
        entry._replace(host=endpoint.host, path=f"{endpoint.path}{entry.path}", ports=ports, addresses=addresses)
        for entry in _FIXED[MODEL]
    )


_FIXED: dict[str, tuple[PresetEntry, ...]] = {
    "anthropic": (
        PresetEntry("api.anthropic.com", "/v1/messages", ("POST",)),
        PresetEntry("api.anthropic.com", "/v1/messages/*", ("POST",)),
        PresetEntry("api.anthropic.com", "/v1/models", ("GET",)),
        PresetEntry("api.anthropic.com", "/v1/models/*", ("GET",)),
    ),
    "pypi": (
        PresetEntry("pypi.org", "/simple/*", READ),
        PresetEntry("pypi.org", "/pypi/*/json", READ),
        PresetEntry("files.pythonhosted.org", None, READ),
    ),
    "npm": (
        PresetEntry("registry.npmjs.org", None, READ),
        PresetEntry("registry.npmjs.org", "/-/npm/v1/security/*", ("POST",)),
    ),
    "crates": (
        PresetEntry("index.crates.io", None, READ),
        PresetEntry("static.crates.io", None, READ),
        PresetEntry("crates.io", "/api/v1/crates/*", ("GET",)),
    ),
    "go": (PresetEntry("proxy.golang.org", None, READ), PresetEntry("sum.golang.org", None, READ)),
    "apt": tuple(PresetEntry(host, None, READ, schemes=("https", "http")) for host in _APT_HOSTS),
}


def _github(repository: str, access: Access) -> Iterable[PresetEntry]:
    """Smart-http, REST and files of one repository."""
    fetch, push = {"service": ("git-upload-pack",)}, {"service": ("git-receive-pack",)}
    for base in (f"/{repository}.git", f"/{repository}"):
        yield PresetEntry("github.com", f"{base}/info/refs", ("GET",), fetch)
        yield PresetEntry("github.com", f"{base}/git-upload-pack", ("POST",))
        if access == "write":
            yield PresetEntry("github.com", f"{base}/info/refs", ("GET",), push)
            yield PresetEntry("github.com", f"{base}/git-receive-pack", ("POST",))
    rest = f"/repos/{repository}"
    yield PresetEntry("api.github.com", rest, READ)
    yield PresetEntry("api.github.com", f"{rest}/*", READ)
    if access == "write":
        yield PresetEntry("api.github.com", f"{rest}/*", ("POST", "PATCH", "PUT"))
    yield PresetEntry("codeload.github.com", f"/{repository}/*", ("GET",))
    yield PresetEntry("raw.githubusercontent.com", f"/{repository}/*", ("GET",))


# Signed addresses of files that the API has handed out; they name no repository.
_GITHUB_FILES = (
    PresetEntry("objects.githubusercontent.com", None, ("GET",)),
    PresetEntry("release-assets.githubusercontent.com", None, ("GET",)),
)

# What `gh` asks for about one repository. Searches, users and organisations reach beyond it, and need entries of their
# own.
_GITHUB_QUERIES = ("repository", "node", "nodes", "viewer", "rateLimit", "__type")
# Merging is not among them: who reviews the agent's pull request is to decide on it.
_GITHUB_MUTATIONS = (
    "createPullRequest", "updatePullRequest", "closePullRequest", "reopenPullRequest", "updatePullRequestBranch",
    "convertPullRequestToDraft", "markPullRequestReadyForReview", "requestReviews", "addPullRequestReview",
    "updatePullRequestReview", "submitPullRequestReview", "deletePullRequestReview", "addPullRequestReviewComment",
    "addPullRequestReviewThread", "addPullRequestReviewThreadReply", "updatePullRequestReviewComment",
    "deletePullRequestReviewComment", "resolveReviewThread", "unresolveReviewThread", "addComment",
    "updateIssueComment", "deleteIssueComment",
)  # fmt: skip


def _github_graphql(access: Access) -> PresetEntry:
    """Operations are judged by their fields; which repository they are about, by the credential's own scope."""
    operations = Operations(_GITHUB_QUERIES, _GITHUB_MUTATIONS if access == "write" else ())
    return PresetEntry("api.github.com", "/graphql", ("POST",), graphql=operations)
