"""Gitea and Forgejo as a forge: one REST API (v1)."""

from airut.adapters.gitea.forge import GiteaForge
from airut.adapters.gitea.pull_requests import GiteaPullRequests

__all__ = ["GiteaForge", "GiteaPullRequests"]
