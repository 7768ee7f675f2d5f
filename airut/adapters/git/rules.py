"""What may leave the sandbox (spec: operations §9). Pure."""

import base64
import re
from collections.abc import Iterable, Sequence

from airut.adapters.git.remote import host_of
from airut.errors import BundleRefused

_FLAGGED_FOLDERS = (
    *(".airut/", ".github/", ".gitlab/", ".forgejo/", ".gitea/", ".circleci/", ".buildkite/", ".woodpecker/"),
    *(".azuredevops/", ".tekton/"),
)
_FLAGGED_FILES = {
    *(".gitlab-ci.yml", ".travis.yml", "jenkinsfile", ".drone.yml", ".woodpecker.yml", ".woodpecker.yaml"),
    *("azure-pipelines.yml", "bitbucket-pipelines.yml", "appveyor.yml", ".appveyor.yml", ".cirrus.yml", "codeowners"),
}
# Shorter values occur by chance, and no credential that is worth one is so short.
_MIN_SECRET = 8
_BRANCH_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]*")


def flagged(paths: Iterable[str], container: str) -> tuple[str, ...]:
    """Paths that change what a sandbox or a CI job may do; `container` is what sandboxes' image is built from. Case is
    ignored, as some file systems do."""
    folder = container.lower()
    return tuple(path for path in paths if _is_flagged(path.lower()) or f"{path.lower()}/".startswith(f"{folder}/"))


def check_branch(branch: str, default_branch: str) -> None:
    """A stricter form of git-check-ref-format(1): what we make ourselves, and nothing that a shell or URL could bend.

    Raises:
        BundleRefused: not a name for a thread's branch, or the default branch.
    """
    parts = branch.split("/")
    good = all(_BRANCH_PART.fullmatch(part) and not part.endswith((".", ".lock")) for part in parts)
    if not good or ".." in branch or branch == "HEAD" or branch.startswith("refs/") or len(branch) > 200:
        raise BundleRefused(f"{branch!r} is not a branch that a thread may have")
    if branch == default_branch:
        raise BundleRefused(f"{branch} is the default branch; a thread never pushes to it")


def check_submodules(urls: Iterable[str], remote_url: str) -> None:
    """
    Raises:
        BundleRefused: a submodule lies on another host than the repository.
    """
    for url in urls:
        if url.startswith(("./", "../")):
            continue
        if host_of(url) != host_of(remote_url) or not host_of(url) or "::" in url:
            raise BundleRefused(f"a submodule's URL leads to another host: {url[:200]!r}")


def submodule_urls(listing: bytes) -> tuple[str, ...]:
    """Values of `submodule.<name>.url` in the output of `git config --list -z`."""
    found = []
    for entry in listing.split(b"\0"):
        key, _, value = entry.decode("utf-8", "replace").partition("\n")
        if key.lower().startswith("submodule.") and key.lower().endswith(".url"):
            found.append(value)
    return tuple(found)


def needles(secrets: Iterable[bytes]) -> tuple[bytes, ...]:
    """Each secret as it is and in base64, at each of the three places at which it can begin in encoded text."""
    found: dict[bytes, None] = {}
    for secret in secrets:
        if len(secret) < _MIN_SECRET:
            continue
        found[secret] = None
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + secret).rstrip(b"=")
            # Characters at both ends mix in neighbouring bytes; what is between them is the secret's alone.
            found[encoded[(0, 2, 3)[shift] : -1]] = None
    return tuple(found)


def holds_secret(content: bytes, values: Sequence[bytes]) -> bool:
    return any(value in content for value in values)


def _is_flagged(path: str) -> bool:
    name = path.rpartition("/")[2]
    return path.startswith(_FLAGGED_FOLDERS) or path in _FLAGGED_FILES or name == "codeowners"
