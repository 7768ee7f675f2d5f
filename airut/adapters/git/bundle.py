"""The header of a git bundle (gitformat-bundle(5)), read without git: it comes from the sandbox. Pure."""

import re
from dataclasses import dataclass

from airut.errors import BundleRefused

MAX_BUNDLE = 200 * 1024**2
_MAX_HEADER = 1024**2
_MAX_PREREQUISITES = 1000
_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class Bundle:
    """The one commit that a bundle leads to, the commits that it stands on, and its pack.

    Names of refs are read over: we choose the branch, so no name in here can reach another one.
    """

    tip: str
    prerequisites: tuple[str, ...]
    pack: bytes


def parse_bundle(content: bytes, limit: int = MAX_BUNDLE) -> Bundle:
    """
    Raises:
        BundleRefused: too large, not a bundle, or not of exactly one tip.
    """
    if len(content) > limit:
        raise BundleRefused(f"the bundle has {len(content)} bytes, more than {limit}")
    end = content.find(b"\n\n", 0, _MAX_HEADER)
    if end < 0 or not content.startswith((b"# v2 git bundle\n", b"# v3 git bundle\n")):
        raise BundleRefused("what the sandbox left is not a git bundle")
    tips: set[str] = set()
    prerequisites: list[str] = []
    for line in content[:end].split(b"\n")[1:]:
        if line.startswith(b"@"):
            _check_capability(line)
        elif line.startswith(b"-"):
            prerequisites.append(_commit(line[1:]))
        else:
            tips.add(_commit(line))
    if len(tips) != 1:
        raise BundleRefused(f"the bundle has {len(tips)} tips; it must lead to one commit")
    if len(prerequisites) > _MAX_PREREQUISITES:
        raise BundleRefused(f"the bundle stands on {len(prerequisites)} commits, more than {_MAX_PREREQUISITES}")
    return Bundle(tips.pop(), tuple(prerequisites), content[end + 2 :])


def _check_capability(line: bytes) -> None:
    """A filtered bundle lacks objects on purpose; what we do not know may mean anything."""
    if line not in (b"@object-format=sha1", b"@object-format=sha256"):
        raise BundleRefused(f"the bundle asks for {line[1:40].decode('ascii', 'replace')}, which is not allowed")


def _commit(line: bytes) -> str:
    name = line.partition(b" ")[0]
    if not _COMMIT.fullmatch(name):
        raise BundleRefused("the bundle's header is damaged")
    return name.decode()
