"""Whether repositories can be read and pushed to, and what they say is valid."""

from airut.adapters.github.forge import GitHubRepository
from airut.adapters.github.rights import Rights, rights
from airut.adapters.podman.context import FILES
from airut.adapters.podman.dockerfile import read
from airut.errors import AirutError
from airut.models.hosts.build import CONTAINER
from airut.models.hosts.sandbox import ALLOWLIST_FILE
from airut.models.hosts.workspace import TreeFile
from airut.models.policy.allowlist import parse_allowlist
from airut.models.policy.policy import check_addresses
from airut.models.values.located import PolicyErrors
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.ports.git import Mirror

FOLDER = ".airut"


async def repository(
    name: str, repo: str, mirror: Mirror, container: str, private_ranges: tuple[str, ...]
) -> tuple[Finding, ...]:
    """`container` is the folder of its Dockerfile. Raises: GitError"""
    branch = await mirror.refresh(repo)
    files = await mirror.read_tree(repo, branch.commit, FOLDER)
    dockerfile = [file for each in FILES for file in await mirror.read_tree(repo, branch.commit, f"{container}/{each}")]
    return (
        ok(name, f"{branch.name} at {branch.commit[:12]}"),
        *faults(f"{name} {FOLDER}", files, tuple(dockerfile[:1]), container, private_ranges),
    )


def faults(
    name: str,
    files: tuple[TreeFile, ...],
    dockerfile: tuple[TreeFile, ...],
    container: str,
    private_ranges: tuple[str, ...],
) -> tuple[Finding, ...]:
    """What is wrong with the files that decide about a sandbox."""
    found: list[str] = []
    for file in files:
        if f"{FOLDER}/{file.path}" == ALLOWLIST_FILE:
            try:
                check_addresses(parse_allowlist(file.content.decode(errors="replace"), ALLOWLIST_FILE), private_ranges)
            except PolicyErrors as error:
                found += map(str, error.problems)
    for file in dockerfile:
        try:
            read(file.content.decode(errors="replace"), f"{container}/{file.path}")
        except AirutError as error:
            found += str(error).splitlines()
    if found:
        return tuple(fail(name, each, "mend it on the default branch: no task runs until then") for each in found)
    if not dockerfile and container != CONTAINER:
        remedy = (
            "correct container.path in airut.yaml, or put one there; without the folder sandboxes are the base image"
        )
        return (warn(name, f"the default branch has neither {' nor '.join(FILES)} in {container}", remedy),)
    return (
        ok(
            name,
            "valid"
            if files or dockerfile
            else "none: sandboxes are the base image, and reach the granted presets only",
        ),
    )


async def forge(name: str, repository: GitHubRepository) -> tuple[Finding, ...]:
    """Raises: ForgeUnavailable, ForgeRefused"""
    return (judge(name, repository.slug, await rights(repository)),)


def judge(name: str, slug: str, found: Rights) -> Finding:
    if found.archived:
        return fail(name, f"{slug} is archived", "take the repository out of airut.yaml, or unarchive it")
    if not found.push:
        remedy = "give the token contents and pull requests, read and write, on this repository"
        return fail(name, f"the token may not push to {slug}", remedy)
    if not found.pull_requests:
        return fail(name, f"the token cannot see pull requests of {slug}", "give it pull requests, read and write")
    return ok(name, f"may push to {slug} and see its pull requests")
