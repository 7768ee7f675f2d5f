"""Messages that somebody writes in the browser: through the console channel, as `airut send` does."""

import hashlib

from starlette.responses import Response

from airut.dashboard.api.sending import NewMessage, send
from airut.dashboard.form_key import given_key
from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.dashboard.views.thread import path_of
from airut.models.login import Role
from airut.models.threads.command import read_word


async def begin(visit: Visit) -> Response:
    """A new thread."""
    repo = visit.path("repo")
    text, key = await _given(visit, repo)
    thread = f"{repo}/console/{key[:16]}"
    await send(visit, NewMessage(text=text), repo, thread, key)
    return visit.back(path_of(thread))


async def go_on(visit: Visit) -> Response:
    """The next message of one."""
    thread = visit.path("id")
    text, key = await _given(visit, thread)
    if read_word(text) is not None:
        raise Problem(422, "A message of this one word steers a conversation; the page has a button for it.")
    if not await visit.ports.threads.exists(thread):
        raise Problem(404, "No thread of this id is known here.")
    await send(visit, NewMessage(text=text), thread.partition("/")[0], thread, key)
    return visit.back(path_of(thread))


async def _given(visit: Visit, place: str) -> tuple[str, str]:
    form = await visit.form()
    text, key = str(form.get("text", "")).replace("\r\n", "\n"), given_key(str(form.get("key", "")))
    if not text.strip():
        raise Problem(422, "The message is empty. Go back, and write something.")
    return text, hashlib.sha256(f"dashboard/{place}/message/{key}".encode()).hexdigest()


PAGES = (
    Page("/repos/{repo}/messages", begin, Role.OPERATOR, method="POST"),
    Page("/threads/{id:path}/messages", go_on, Role.OPERATOR, method="POST"),
)
