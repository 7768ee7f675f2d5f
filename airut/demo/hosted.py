"""github.com and api.github.com inside the stand-in internet: git and pull requests over one folder of repositories."""

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from airut.demo.control import InstalledApp
from airut.demo.forge import GitHubForge
from airut.demo.git_server import GitServer
from airut.demo.github_apps import App, Apps
from airut.demo.http import Request, Response


class HostedRepositories:
    """Both handlers of one host; nothing here listens by itself."""

    def __init__(
        self, folder: Path, tokens: Mapping[str, str], anonymous_read: bool, app: InstalledApp | None = None
    ) -> None:
        self.git = GitServer(folder, tokens, anonymous_read=anonymous_read)
        self.forge = GitHubForge(folder, dict(tokens), apps=_apps(app), api="https://api.github.com")

    async def handle(self, request: Request) -> Response:
        handler = self.forge.recorded if request.host == "api.github.com" else self.git.handle
        return await handler(request)


def _apps(app: InstalledApp | None) -> Apps:
    if app is None:
        return Apps()
    key = load_pem_public_key(app.public_key.encode())
    assert isinstance(key, RSAPublicKey), "GitHub's Apps have RSA keys"
    return Apps(App(app.id, key, app.installations), lifetime=app.lifetime)
