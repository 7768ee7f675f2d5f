"""GitHub as a forge, by githubkit."""

from airut.adapters.github.forge import GitHubForge, GitHubRepository
from airut.adapters.github.installation_tokens import InstallationTokens

__all__ = ["GitHubForge", "GitHubRepository", "InstallationTokens"]
