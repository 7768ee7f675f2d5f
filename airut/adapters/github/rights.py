"""What a token may do with its repository."""

import asyncio

from githubkit import TokenAuthStrategy
from githubkit.exception import GitHubException, RequestFailed

from airut.adapters.github.client import client
from airut.adapters.github.failures import as_ours, mapped
from airut.adapters.github.forge import TIMEOUT, GitHubRepository
from airut.models.base import Model


class Rights(Model):
    """As far as GitHub tells without anything being changed: it has no way to ask whether a token may open a pull
    request."""

    push: bool
    pull_requests: bool
    archived: bool


async def rights(repository: GitHubRepository) -> Rights:
    """Raises: ForgeUnavailable, ForgeRefused"""
    token = await asyncio.to_thread(repository.token.fixed)  # an App may have to ask for one
    owner, _, name = repository.slug.rpartition("/")
    github = client(TokenAuthStrategy(token.reveal()), repository.base_url, TIMEOUT)
    with mapped(f"looking at {repository.slug}"):
        found = (await github.rest.repos.async_get(owner, name)).parsed_data
    try:
        await github.rest.pulls.async_list(owner, name, per_page=1)
        sees = True
    except GitHubException as error:
        if not (isinstance(error, RequestFailed) and error.response.status_code in (403, 404)):
            raise as_ours(error, "looking for pull requests") from error
        sees = False
    push = bool(found.permissions and found.permissions.push)
    return Rights(push=push, pull_requests=sees, archived=found.archived)
