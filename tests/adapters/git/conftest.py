from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from airut.adapters.git import GitMirror, RepoRemote
from airut.demo.git_server import GitServer, seed_repository
from airut.models.credentials.secret import Secret
from tests.adapters.git.stage import FILES, REPO, SLUG, TOKEN, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    repository = seed_repository(tmp_path / "remote", FILES)
    async with GitServer(tmp_path / "remote", [TOKEN]) as server:
        remote = RepoRemote(REPO, server.clone_url(SLUG), Secret(TOKEN))
        root = tmp_path / "state" / "mirrors"
        yield Stage(server, repository, GitMirror(root, {REPO: remote}), root)
