"""The console channel: a message typed on this machine. Whoever may run `airut send` may ask."""

import getpass
import hashlib
import uuid
from datetime import datetime

from airut.models.blob import Text
from airut.models.threads.message import Attachment, ChannelKind, ConsoleRoute, Hints, InboundMessage


def console_message(
    repo: str,
    text: Text,
    subject: str,
    now: datetime,
    thread: str | None,
    attachments: tuple[Attachment, ...] = (),
    hints: Hints = Hints(),  # noqa: B008  # frozen
) -> InboundMessage:
    """A message for `thread`, or for a new one. Its key is random: two sends are two messages."""
    identity = uuid.uuid4().hex
    return InboundMessage(
        key=hashlib.sha256(f"console/{identity}".encode()).hexdigest(),
        thread=thread or f"{repo}/console/{identity[:16]}",
        repo=repo,
        channel=ChannelKind.CONSOLE,
        author=getpass.getuser(),
        open_to_authorized=True,
        sent_at=now,
        received_at=now,
        subject=subject,
        text=text,
        attachments=attachments,
        hints=hints,
        route=ConsoleRoute(),
    )
