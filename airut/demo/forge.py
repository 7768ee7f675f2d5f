"""GitHub's REST API over the same bare repositories that the git server shows, as far as pull requests need it.

With AIRUT_GITHUB_OPENAPI set, every request and every answer is judged by GitHub's own description: what does not fit
is answered with 500 and kept in `violations`, which a test asserts to be empty.
"""

import asyncio
import hashlib
import re
from collections.abc import Collection
from email.utils import formatdate
from pathlib import Path
from typing import Self

from pydantic import JsonValue

from airut.demo.faults import Faults
from airut.demo.forge_routes import ROUTES, Call, Redirect, Text
from airut.demo.forge_talk_routes import TALK_ROUTES
from airut.demo.github_apps import Apps, Caller, is_jwt
from airut.demo.github_documents import Documents, Pull, now
from airut.demo.github_pulls import Pulls, Refused
from airut.demo.github_schema import GitHubSchema
from airut.demo.github_talk import Said, Talk
from airut.demo.http import HttpServer, Request, Response, json_response
from airut.demo.tls import Authority
from airut.models.base import Model

JSON = "application/json; charset=utf-8"
INSPECT = "/_airut/state"  # no path of GitHub's; for another process that wants to see what the forge holds


class ForgeState(Model):
    """What the forge holds and has seen."""

    pulls: tuple[Pull, ...]
    requests: tuple[str, ...]
    violations: tuple[str, ...]
    granted: tuple[str, ...]
    """Every token that an App got."""


class GitHubForge:
    """The API of one forge. `tokens` maps each token to the login that it acts for; Apps get theirs by exchange."""

    def __init__(
        self,
        folder: Path,
        tokens: dict[str, str],
        *,
        collaborators: Collection[str] = (),
        apps: Apps | None = None,
        web: str = "https://github.com",
        api: str | None = None,
        authority: Authority | None = None,
    ) -> None:
        self.folder = folder
        self._tokens = tokens
        self._collaborators = frozenset(collaborators)
        self.apps = apps or Apps()
        self._web = web
        self._api = api
        self._schema = GitHubSchema.from_environment()
        self._repositories: dict[str, Pulls] = {}
        self._comments: dict[tuple[str, int], list[dict[str, JsonValue]]] = {}
        self.talk = Talk()
        self._checks: dict[str, dict[str, str | None]] = {}
        # One request at a time: two that open the same pull request at once must not both succeed.
        self._turn = asyncio.Lock()
        self.faults = Faults()
        self.requests: list[str] = []
        """`METHOD target` of each request, in order, failed ones included."""
        self.unchanged = 0
        """How often somebody was told that what they have is still true."""
        self.violations: list[str] = []
        self._server = HttpServer(self.recorded, authority)

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
        """What githubkit takes as `base_url`."""
        return self._server.url

    def pulls(self, repo: str = "acme/web") -> Pulls:
        """The pull requests of a repository, to look at and to act on as a person would in the browser.

        Raises:
            Refused: no such repository.
        """
        repository = self.folder / f"{repo}.git"
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", repo) or not (repository / "HEAD").exists():
            raise Refused(404, "Not Found")
        return self._repositories.setdefault(repo, Pulls(repo, repository))

    def set_check(self, sha: str, name: str, conclusion: str | None) -> None:
        """Let a check run of that commit have this conclusion (None: still in progress)."""
        self._checks.setdefault(sha, {})[name] = conclusion

    def review(self, number: int, author: str, body: str, state: str = "COMMENTED", repo: str = "acme/web") -> None:
        """Let somebody review a pull request."""
        said = Said(number=next(self.talk.numbers), author=author, body=body, at=now(), state=state)
        self.talk.reviews[repo, number].append(said)

    def comment_on_line(
        self, number: int, author: str, body: str, path: str, line: int, repo: str = "acme/web"
    ) -> None:
        """Let somebody comment on a line."""
        said = Said(number=next(self.talk.numbers), author=author, body=body, at=now(), path=path, line=line)
        self.talk.on_lines[repo, number].append(said)

    async def recorded(self, request: Request) -> Response:
        """What its own server answers with: faults play, and what was asked is kept for `INSPECT`."""
        if request.path == INSPECT:
            return json_response((await asyncio.to_thread(self.state)).model_dump(mode="json"))
        self.requests.append(f"{request.method} {request.target}")
        return await self.faults.wrap(self.handle)(request)

    async def handle(self, request: Request) -> Response:
        async with self._turn:
            return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: Request) -> Response:
        if (found := re.fullmatch(r"/_logs/(\d+)", request.path)) is not None:
            return Response(200, self.talk.logs[int(found[1])].encode(), {"content-type": "text/plain; charset=utf-8"})
        try:
            answer = self._conditional(request, self._routed(request))
        except Refused as refused:
            answer = json_response(refused.document, refused.status, {"content-type": JSON})
        date = formatdate(self.apps.clock(), usegmt=True)
        return Response(answer.status, answer.body, {**answer.headers, "date": date})

    def _routed(self, request: Request) -> Response:
        caller = self._caller(request)
        for method, template, handler in (*ROUTES, *TALK_ROUTES):
            found = re.fullmatch(re.sub(r"\{(\w+)\}", _variable, template), request.path)
            if method != request.method or not found:
                continue
            variables = found.groupdict()
            try:
                body = request.json()
            except ValueError as error:
                raise Refused(400, "Problems parsing JSON") from error
            if self._schema:
                self._judge(self._schema.check_request(method, template, variables, request.query, body), request)
            try:
                status, document = handler(self._call(request, caller, variables, body))
            except Refused as refused:
                status, document = refused.status, refused.document
            if isinstance(document, Text):
                return Response(status, document.text.encode(), {"content-type": document.media_type})
            if isinstance(document, Redirect):
                return Response(status, headers={"location": f"{self._api or self.url}{document.path}"})
            if self._schema:
                self._judge(self._schema.check_response(method, template, status, document), request)
            if document is None:
                return Response(status)
            return json_response(document, status, {"content-type": JSON, "x-ratelimit-remaining": "4999"})
        raise Refused(404, "Not Found")

    def _call(self, request: Request, caller: Caller, variables: dict[str, str], body: JsonValue) -> Call:
        repo = f"{variables['owner']}/{variables['repo']}" if "owner" in variables else ""
        if not caller.may_see(repo):
            raise Refused(404, "Not Found")
        pulls = self.pulls(repo) if repo else None
        return Call(
            login=caller.login, caller=caller, apps=self.apps, folder=self.folder,
            variables=variables, query=request.query, body=body if isinstance(body, dict) else {},
            values=body if isinstance(body, list) else [], accept=request.headers.get("accept", ""), repo=repo,
            repository=self.folder / f"{repo}.git", kept=pulls, collaborators=self._collaborators | {caller.login},
            documents=Documents(self._api or self.url, self._web), comments=self._comments, checks=self._checks,
            talk=self.talk,
        )  # fmt: skip

    def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() not in ("bearer", "token") or not token:
            raise Refused(401, "Requires authentication")
        if scheme.lower() == "bearer" and is_jwt(token):
            app = self.apps.of_jwt(token)
            return Caller(f"app/{app.id}", app=app)
        if (grant := self.apps.of_token(token)) is not None:
            return Caller(f"app-{grant.app}[bot]", grant=grant)
        if token not in self._tokens:
            raise Refused(401, "Bad credentials")
        return Caller(self._tokens[token])

    def _judge(self, problems: list[str], request: Request) -> None:
        if not problems:
            return
        violations = [f"{request.method} {request.target}: {problem}" for problem in problems]
        self.violations += violations
        raise Refused(500, "not as GitHub describes it: " + "; ".join(violations[:5]))

    def _conditional(self, request: Request, response: Response) -> Response:
        """An ETag for every GET that went well, and 304 for who has it (RFC 9110 §13)."""
        if request.method != "GET" or response.status != 200 or not isinstance(response.body, bytes):
            return response
        tag = f'W/"{hashlib.sha256(response.body).hexdigest()}"'
        if tag in request.headers.get("if-none-match", ""):
            self.unchanged += 1
            return Response(304, headers={"etag": tag})
        return Response(200, response.body, {**response.headers, "etag": tag})

    def state(self) -> ForgeState:
        """Everything at once; another process reads the same as JSON at `INSPECT`."""
        pulls = (pull for kept in self._repositories.values() for pull in kept.all())
        return ForgeState(
            pulls=tuple(pulls),
            requests=tuple(self.requests),
            violations=tuple(self.violations),
            granted=tuple(grant.token for grant in self.apps.grants),
        )


def _variable(found: re.Match[str]) -> str:
    """A path variable as a group: refs hold slashes, numbers are numbers, everything else is one segment."""
    name = found[1]
    numeric = name.endswith("_number") or name in {"installation_id", "job_id"}
    pattern = r"\d+" if numeric else ".+" if name == "ref" else "[^/]+"
    return f"(?P<{name}>{pattern})"
