"""Who may write to a thread."""

from airut.dashboard.pages import Visit
from airut.models.login import Role


def may_write(visit: Visit, repo: str) -> bool:
    """Whether whoever looks can send a message here: it goes through the repository's console channel."""
    config = visit.ports.config()
    found = config.repos.get(repo) if config is not None else None
    return found is not None and found.channels.console is not None and visit.may(Role.OPERATOR)
