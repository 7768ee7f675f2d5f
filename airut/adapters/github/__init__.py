"""GitHub as a forge, by githubkit."""

from airut.adapters.github.forge import GitHubForge, GitHubRepository

__all__ = ["GitHubForge", "GitHubRepository"]
