"""A forge's REST API by httpx: one request, its answer as a value, and what answers mean in our exceptions."""

import json
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from airut.adapters.kept_answers import KeptAnswers
from airut.errors import ForgeError, ForgeRefused, ForgeUnavailable

TIMEOUT = 30.0
"""Seconds for one request: forges end their own after less."""
PAGE = 50
"""What every forge gives at least on a page."""
PAGES = 20
"""A thousand entries of one kind; what is older is not read."""

_REMEDIES = {
    401: "the token under forge.auth is not valid any more; give a new one",
    403: "the token under forge.auth lacks a right",
    404: "it does not exist, or the token under forge.auth cannot see it",
}
_CREDENTIAL = re.compile(r"\b(?:glpat-|gldt-|glptt-|[0-9a-f]{40}\b)[\w.-]*")


@dataclass(frozen=True)
class Answer:
    status: int
    content: bytes
    retry_after: float | None = None

    @property
    def document(self) -> Any:
        """
        Raises:
            ForgeUnavailable: it is no JSON; a proxy in between says such things while the forge is away.
        """
        try:
            return json.loads(self.content) if self.content else None
        except ValueError:
            raise ForgeUnavailable("the forge's answer is none of its own") from None

    @property
    def said(self) -> str:
        """The forge's own words, without anything that looks like a token."""
        try:
            document = json.loads(self.content)
        except ValueError:
            return ""
        found = document.get("message") or document.get("error") if isinstance(document, dict) else ""
        words = "; ".join(map(str, found)) if isinstance(found, list) else str(found or "")
        return _CREDENTIAL.sub("***", words)[:500]


class Rest:
    """Questions to one forge, with the token of now. `name` is the forge's, for people."""

    def __init__(self, name: str, base_url: str, login: Mapping[str, str], answers: KeptAnswers | None = None) -> None:
        self._name = name
        self.base_url = base_url.rstrip("/")
        self.login = dict(login)
        self._answers = answers
        self._authorities = ssl.create_default_context()  # once for all questions: it takes longer than one of them

    async def ask(
        self, method: str, path: str, what: str, *, params: Mapping[str, str | int] | None = None, body: object = None
    ) -> Answer:
        """Any answer but one that asks to come again. Raises: ForgeUnavailable"""
        question = (self.base_url, path, *sorted((params or {}).items()))
        condition = self._answers.condition(question) if self._answers and method == "GET" else {}
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT, verify=self._authorities, trust_env=False) as client:
                found = await client.request(
                    method,
                    f"{self.base_url}/{path}",
                    params=dict(params or {}),
                    json=body,
                    headers={**self.login, **condition, "Accept": "application/json"},
                )
        except httpx.HTTPError as error:
            raise ForgeUnavailable(f"{what}: {self._name} cannot be reached ({type(error).__name__})") from None
        content, status = found.content, found.status_code
        if self._answers and method == "GET" and status in {200, 304}:
            content, status = self._answers.answer(question, status, found.headers.get("etag"), content), 200
        answer = Answer(status, content, _retry_after(found.headers.get("retry-after", "")))
        if status >= 500 or status in {408, 429}:
            raise self.failure(answer, what)
        return answer

    async def get(self, path: str, what: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The document. Raises: ForgeUnavailable, ForgeRefused"""
        answer = await self.ask("GET", path, what, params=params)
        if answer.status != 200:
            raise self.failure(answer, what)
        return answer.document

    async def pages[Found](
        self, path: str, what: str, parsed: Callable[[Any], Sequence[Found]], params: Mapping[str, str | int], size: str
    ) -> list[Found]:
        """What all pages hold; nothing where the token may not read it. `size` is what the forge calls a page's.

        Raises:
            ForgeUnavailable, ForgeRefused
        """
        found: list[Found] = []
        for page in range(1, PAGES + 1):
            answer = await self.ask("GET", path, what, params={**params, size: PAGE, "page": page})
            if answer.status == 403:
                return found
            if answer.status != 200:
                raise self.failure(answer, what)
            held = parsed(answer.document or [])
            found += held
            if len(held) < PAGE:
                break
        return found

    def failure(self, answer: Answer, what: str) -> ForgeError:
        """What an answer means that was not asked for: 408, 429 and 5xx are worth a retry, everything else is not."""
        if answer.status >= 500 or answer.status in {408, 429}:
            return ForgeUnavailable(f"{what}: {self._name} answers {answer.status}", answer.retry_after)
        remedy = _REMEDIES.get(answer.status, f"{self._name} answers {answer.status}")
        return ForgeRefused(f"{what}: {remedy}" + (f" ({answer.said})" if answer.said else ""))


def _retry_after(value: str) -> float | None:
    return float(value) if value.isdecimal() else None
