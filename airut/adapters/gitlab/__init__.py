"""GitLab as a forge, by its REST API (v4)."""

from airut.adapters.gitlab.forge import GitLabForge
from airut.adapters.gitlab.merge_requests import GitLabPullRequests

__all__ = ["GitLabForge", "GitLabPullRequests"]
