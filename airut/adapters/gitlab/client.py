"""How GitLab's API is asked."""

import asyncio
from urllib.parse import quote

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.forge_rest import Rest
from airut.adapters.kept_answers import KeptAnswers


async def asking(repository: ForgeRepository, answers: KeptAnswers | None = None) -> Rest:
    """With the token of now. A project, group or personal access token logs in as OAuth 2 has it (RFC 6750)."""
    token = await asyncio.to_thread(repository.token.reveal)
    return Rest("GitLab", repository.base_url, {"Authorization": f"Bearer {token}"}, answers)


def project(repository: ForgeRepository) -> str:
    """The project's path below the API; groups may be nested."""
    return f"projects/{quote(repository.slug, safe='')}"


async def user_id(rest: Rest, name: str) -> int | None:
    """Whom a user name belongs to. Raises: ForgeUnavailable, ForgeRefused"""
    found = await rest.get("users", f"asking who {name} is", {"username": name})
    return int(found[0]["id"]) if found else None
