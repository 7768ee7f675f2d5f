"""What stand-ins for forges share: bare repositories behind them, people who act, and the HTTP around it."""

import asyncio
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from airut.demo.faults import Faults
from airut.demo.github_documents import Pull, now, number_of
from airut.demo.github_pulls import Pulls, Refused
from airut.demo.http import HttpServer, Request, Response, json_response
from airut.demo.repositories import resolve

Json = Any
"""A vendor's document: its shape is the vendor's."""


@dataclass(frozen=True)
class Call:
    """One request to a known path."""

    path: Sequence[str]
    query: dict[str, str]
    body: dict[str, Json]
    login: str

    def page(self, documents: Sequence[Json], size: str) -> list[Json]:
        count = int(self.query.get(size, "20"))
        start = (int(self.query.get("page", "1")) - 1) * count
        return list(documents[start : start + count])


@dataclass(frozen=True)
class Said:
    number: int
    author: str
    body: str
    at: str
    verdict: str = ""
    path: str = ""
    line: int = 0


@dataclass
class Status:
    name: str
    state: str
    log: str = ""


Answer = tuple[int, Json]
Route = tuple[str, str, Callable[[Call], Answer]]


@dataclass
class StandIn:
    """One repository of one forge. `states` are the vendor's words for a check that passed, failed and runs."""

    folder: Path
    slug: str
    token: str
    routes: Sequence[Route] = ()
    people: dict[str, str] = field(default_factory=dict)
    """Who has a part in the repository, and what they may do there: `write` or `read`."""
    said: dict[int, list[Said]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, list[Status]] = field(default_factory=lambda: defaultdict(list))
    requests: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    unchanged: int = 0
    scheme: str = "bearer"

    def __post_init__(self) -> None:
        self.repository = self.folder / f"{self.slug}.git"
        self.pulls = Pulls(self.slug, self.repository)
        self.faults = Faults()
        self._turn = asyncio.Lock()
        self._server = HttpServer(self._recorded)

    async def __aenter__(self) -> Self:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return self._server.url

    def head(self, number: int) -> str:
        return self.pulls.get(number).head_sha

    def tip(self, branch: str) -> str | None:
        return resolve(self.repository, f"refs/heads/{branch}")

    def says(self, number: int, author: str, body: str, verdict: str = "", path: str = "", line: int = 0) -> None:
        count = sum(map(len, self.said.values())) + 1
        self.said[number].append(Said(count, author, body, now(), verdict, path, line))

    def user_number(self, login: str) -> int:
        return number_of(login) % 1_000_000

    async def _recorded(self, request: Request) -> Response:
        self.requests.append(f"{request.method} {request.target}")
        return await self.faults.wrap(self._answered)(request)

    async def _answered(self, request: Request) -> Response:
        async with self._turn:
            return await asyncio.to_thread(self._answer, request)

    def _answer(self, request: Request) -> Response:
        if request.headers.get("authorization", "").lower() != f"{self.scheme} {self.token}".lower():
            return json_response({"message": "401 Unauthorized"}, 401)
        parts = urlsplit(request.target)
        for method, pattern, handler in self.routes:
            found = re.fullmatch(pattern, parts.path)
            if method != request.method or found is None:
                continue
            body = request.json()
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            call = Call(
                [unquote(each) for each in found.groups()], query, body if isinstance(body, dict) else {}, "bot"
            )
            self.violations += [f"{request.method} {request.target}: {each}" for each in self.judged(handler, call)]
            try:
                status, document = handler(call)
            except Refused as refused:
                status, document = self.refusal(refused)
            if isinstance(document, bytes):
                return Response(status, document, {"content-type": "text/plain; charset=utf-8"})
            self.violations += [f"answer to {request.target}: {each}" for each in self.judged_answer(handler, document)]
            return self._tagged(request, json_response(document, status))
        return json_response({"message": "404 Not Found"}, 404)

    def _tagged(self, request: Request, response: Response) -> Response:
        if request.method != "GET" or response.status != 200 or not isinstance(response.body, bytes):
            return response
        tag = f'W/"{hashlib.sha256(response.body).hexdigest()}"'
        if request.headers.get("if-none-match") == tag:
            self.unchanged += 1
            return Response(304, headers={"etag": tag})
        return Response(200, response.body, {**response.headers, "etag": tag})

    def judged(self, handler: Callable[[Call], Answer], call: Call) -> list[str]:
        """What is wrong with a request, by the vendor's description."""
        raise NotImplementedError

    def judged_answer(self, handler: Callable[[Call], Answer], document: Json) -> list[str]:
        """What is wrong with our own answer, by the same."""
        return []

    def refusal(self, refused: Refused) -> Answer:
        """In the vendor's words."""
        return refused.status, {"message": refused.document["message"]}

    def found(self, number: str) -> Pull:
        return self.pulls.get(int(number))

    def created(self, call: Call, head: str, base: str, title: str, body: str) -> Pull:
        """Raises: Refused: 409 for a second one of a branch, 422 for a branch that is not there."""
        try:
            return self.pulls.create(title, head, base, body, call.login, draft=False, modify=True)
        except Refused as refused:
            if "already exists" in str(refused.document):
                raise Refused(409, "another one already exists for this branch") from None
            raise
