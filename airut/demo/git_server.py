"""A git host on loopback: the real `git http-backend` over bare repositories; tokens, faults, a record of pushes."""

import asyncio
import base64
import time
from collections.abc import Collection
from pathlib import Path
from typing import Self

from airut.demo.faults import Faults
from airut.demo.http import HttpServer, Request, Response
from airut.demo.repositories import GIT_ENVIRONMENT, resolve, seed_repository
from airut.demo.tls import Authority
from airut.models.base import Model

__all__ = ["GitServer", "RefUpdate", "seed_repository"]

NO_COMMIT = "0" * 40


class RefUpdate(Model):
    """One ref that somebody pushed. `accepted` says whether this push gave it its new value."""

    at: float
    repo: str
    ref: str
    old: str
    new: str
    user: str
    accepted: bool


class GitServer:
    """Serves `folder/OWNER/NAME.git` as `/OWNER/NAME(.git)`. Pushing needs a token (any user name, `x-access-token`
    by custom); reading too, unless `anonymous_read`."""

    def __init__(
        self,
        folder: Path,
        tokens: Collection[str],
        *,
        anonymous_read: bool = False,
        authority: Authority | None = None,
    ) -> None:
        self._folder = folder
        self._tokens = frozenset(tokens)
        self._anonymous_read = anonymous_read
        self.faults = Faults()
        self.pushes: list[RefUpdate] = []
        self.requests: list[str] = []
        """`METHOD target` of each request, in order."""
        self._server = HttpServer(self.faults.wrap(self.handle), authority)

    async def start(self, port: int = 0) -> Self:
        await self._server.start(port=port)
        return self

    async def close(self) -> None:
        await self._server.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def url(self) -> str:
        return self._server.url

    def clone_url(self, repo: str) -> str:
        """The public URL of `OWNER/NAME`, without credentials."""
        return f"{self.url}/{repo}.git"

    async def handle(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.target}")
        user, token = _credentials(request)
        known = token in self._tokens
        if (token and not known) or not (known or (self._anonymous_read and not _is_push(request))):
            return Response(401, b"Authentication failed\n", {"www-authenticate": 'Basic realm="Git"'})
        found = self._find(request.path)
        if found is None:
            return Response(404, b"Repository not found.\n")
        repo, rest = found
        updates = _commands(request.body) if rest == "git-receive-pack" else []
        repository = self._folder / f"{repo}.git"
        before = {ref: resolve(repository, ref) or NO_COMMIT for _, _, ref in updates}
        response = await self._backend(request, f"/{repo}.git/{rest}", user if known else "")
        for old, new, ref in updates:
            accepted = before[ref] != (resolve(repository, ref) or NO_COMMIT) == new
            record = RefUpdate(at=time.time(), repo=repo, ref=ref, old=old, new=new, user=user, accepted=accepted)
            self.pushes.append(record)
        return response

    def _find(self, path: str) -> tuple[str, str] | None:
        """Repository and the rest of the path, None for anything that is no repository of ours."""
        repo, separator, rest = path.removeprefix("/").partition(".git/")  # groups may be nested
        if not separator:
            owner, _, after = path.removeprefix("/").partition("/")
            name, _, rest = after.partition("/")
            repo = f"{owner}/{name.removesuffix('.git')}"
        parts = repo.split("/")
        if len(parts) < 2 or {"", ".", ".."} & set(parts) or not (self._folder / f"{repo}.git" / "HEAD").exists():
            return None
        return repo, rest

    async def _backend(self, request: Request, path: str, user: str) -> Response:
        """Run the CGI program (RFC 3875) that git ships."""
        environment = GIT_ENVIRONMENT | {
            "GIT_PROJECT_ROOT": str(self._folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_ADDR": request.peer[0],
            "REMOTE_USER": user,
        }
        if not user:
            del environment["REMOTE_USER"]  # its presence alone allows a push
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            "git", "http-backend", stdin=pipe, stdout=pipe, stderr=pipe, env=environment
        )
        output, errors = await process.communicate(request.body)
        head, separator, body = output.partition(b"\r\n\r\n")
        if not separator:
            return Response(500, errors)
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
        status = int(headers.pop("Status", "200").split()[0])
        return Response(status, body, {name.lower(): value for name, value in headers.items()})


def _credentials(request: Request) -> tuple[str, str]:
    """User and token of Basic or Bearer authentication, both empty when there is none."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, token = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return "", "unreadable"
        return user or "x-access-token", token
    return ("x-access-token", value) if scheme.lower() in ("bearer", "token") else ("", "")


def _is_push(request: Request) -> bool:
    return request.path.endswith("/git-receive-pack") or request.query.get("service") == "git-receive-pack"


def _commands(body: bytes) -> list[tuple[str, str, str]]:
    """Old, new and ref of each command at the start of a push (gitprotocol-pack: pkt-lines up to the first flush)."""
    commands: list[tuple[str, str, str]] = []
    while len(body) >= 4 and (size := int(body[:4], 16)) >= 4:
        old, new, ref = body[4:size].split(b"\0")[0].decode(errors="replace").strip().split(" ", 2)
        commands.append((old, new, ref))
        body = body[size:]
    return commands
