"""Files that came with a message or went with an answer. They are a stranger's: saved, and never shown."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from airut.dashboard.pages import Page, Visit
from airut.dashboard.problem import Problem
from airut.errors import BlobError
from airut.models.login import Role
from airut.models.threads.message import Attachment
from airut.models.values.visible import clean
from airut.ports.task_records import TaskDetail

PIECE = 256 * 1024
"""Bytes that are written at once, so that one slow reader does not fill the server's buffers with a whole file."""


async def file(visit: Visit) -> Response:
    """One file, by its digest: of the same content under two names, the one that is asked for."""
    detail = await visit.ports.tasks.detail(visit.path("id"), int(visit.path("n")))
    found = [each for each in files_of(detail) if each.content.sha256 == visit.path("digest")]
    if not found:
        raise Problem(404, "This task has no such file, or nothing is kept of it any more.")
    chosen = next((each for each in found if each.name == visit.query.get("name")), found[0])
    try:
        content = await visit.ports.blobs.get(chosen.content)
    except (BlobError, OSError):
        raise Problem(404, f"{clean(chosen.name)} is not kept any more.") from None
    headers = {"Content-Disposition": disposition(chosen.name), "Content-Length": str(len(content))}
    return StreamingResponse(_pieces(content), media_type="application/octet-stream", headers=headers)


def files_of(detail: TaskDetail | None) -> tuple[Attachment, ...]:
    """Of all that the task was told, and of what it answered. Pure."""
    if detail is None:
        return ()
    asked = [each for message in (detail.input.messages if detail.input else ()) for each in message.attachments]
    reply = detail.result.reply if detail.result else None
    return (*asked, *(reply.attachments if reply else ()))


def disposition(name: str) -> str:
    """The header that has a browser save a file under its name, whatever that holds (RFC 6266, RFC 8187)."""
    visible = clean(name) or "file"
    plain = "".join(each if each.isascii() and (each.isalnum() or each in " ._-") else "_" for each in visible)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(visible, safe='')}"


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE]


PAGES = (Page("/threads/{id:path}/tasks/{n:int}/files/{digest}", file, Role.VIEWER),)
