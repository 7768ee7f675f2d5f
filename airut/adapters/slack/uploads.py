"""Files into a thread (https://docs.slack.dev/messaging/working-with-files): asked for, sent, completed."""

from collections.abc import Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from airut.models.base import Model


class Upload(Model):
    """One file."""

    name: str
    content: bytes


async def uploaded(
    web: AsyncWebClient, file: Upload, channel: str, thread_ts: str, there: Sequence[dict[str, Any]]
) -> None:
    """Put a file into a thread, unless one of its name and size is among our messages already.

    Raises: whatever the client raises.
    """
    known = [each for message in there for each in message.get("files") or ()]
    if any(each.get("name") == file.name and each.get("size") == len(file.content) for each in known):
        return
    await web.files_upload_v2(
        filename=file.name, title=file.name, content=file.content, channel=channel, thread_ts=thread_ts
    )
