"""Git on the host (spec: operations §9, sandbox §6): a bare mirror per repository, driven by the git program."""

from airut.adapters.git.mirror import GitMirror
from airut.adapters.git.remote import RepoRemote

__all__ = ["GitMirror", "RepoRemote"]
