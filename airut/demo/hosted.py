"""github.com and api.github.com inside the stand-in internet: git and pull requests over one folder of repositories."""

from collections.abc import Mapping
from pathlib import Path

from airut.demo.forge import GitHubForge
from airut.demo.git_server import GitServer
from airut.demo.http import Request, Response


class HostedRepositories:
    """Both handlers of one host; nothing here listens by itself."""

    def __init__(self, folder: Path, tokens: Mapping[str, str], anonymous_read: bool) -> None:
        self.git = GitServer(folder, tokens, anonymous_read=anonymous_read)
        self.forge = GitHubForge(folder, dict(tokens), api="https://api.github.com")

    async def handle(self, request: Request) -> Response:
        handler = self.forge.handle if request.host == "api.github.com" else self.git.handle
        return await handler(request)
