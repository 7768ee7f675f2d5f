"""The name of this installation, by which its mails, containers and networks know one another."""

import hashlib
from pathlib import Path


def installation_id(state: Path) -> str:
    """Eight characters that follow from the state folder: two installations of one user never touch each other."""
    return hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:8]
