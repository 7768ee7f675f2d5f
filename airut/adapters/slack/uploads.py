"""Files into a thread (https://docs.slack.dev/messaging/working-with-files): asked for, sent, completed."""

import io
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientResponseError, ClientSession, ClientTimeout
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.answers import told
from airut.adapters.slack.web.failures import AWAY, PLACE_GONE, SlackLimited, code, passes
from airut.models.base import Model

SENDING = ClientTimeout(total=600, sock_connect=15, sock_read=60)
"""Seconds, as for files that come: a call's 30 s are too few for a hundred MiB."""


class Upload(Model):
    """One file."""

    name: str
    content: bytes


async def uploaded(
    web: AsyncWebClient, file: Upload, channel: str, thread_ts: str, there: Sequence[dict[str, Any]]
) -> str | None:
    """Put a file into a thread, unless one of its name and size is among our messages already. Returns why not, where
    Slack does not take this file and never will.

    Raises: whatever a call raises.
    """
    known = [each for message in there for each in message.get("files") or ()]
    if any(each.get("name") == file.name and each.get("size") == len(file.content) for each in known):
        return None
    try:
        place = told(await web.files_getUploadURLExternal(filename=file.name, length=len(file.content)))
        if refusal := await _sent(web, str(place["upload_url"]), file):
            return refusal
        await web.files_completeUploadExternal(
            files=[{"id": place["file_id"], "title": file.name}], channel_id=channel, thread_ts=thread_ts
        )
    except AWAY as error:
        if passes(error) or code(error) in PLACE_GONE:
            raise
        return f"Not attached: {file.name}, since Slack refuses it ({code(error)})"
    return None


async def _sent(web: AsyncWebClient, url: str, file: Upload) -> str | None:
    async with (
        ClientSession(timeout=SENDING) as session,
        session.post(url, data=io.BytesIO(file.content), proxy=web.proxy) as answer,
    ):
        after = answer.headers.get("Retry-After", "")
        if answer.status == 429:
            raise SlackLimited("the upload", float(after) if after.isdecimal() else 30.0)
        if answer.status >= 500:
            raise ClientResponseError(answer.request_info, (), status=answer.status)
        return None if answer.ok else f"Not attached: {file.name}, since Slack refuses it (HTTP {answer.status})"
