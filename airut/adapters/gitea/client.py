"""How the API of Gitea and Forgejo is asked."""

import asyncio

from airut.adapters.forge_repository import ForgeRepository
from airut.adapters.forge_rest import Rest
from airut.adapters.kept_answers import KeptAnswers


async def asking(repository: ForgeRepository, answers: KeptAnswers | None = None) -> Rest:
    """With the token of now."""
    token = await asyncio.to_thread(repository.token.reveal)
    return Rest("Gitea", repository.base_url, {"Authorization": f"token {token}"}, answers)
