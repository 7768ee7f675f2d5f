"""`airut.ports.sent_folder.SentFolder` over a connection of its own for each look: it is needed once in a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from airut.adapters.imap.folders import Folders
from airut.adapters.imap.protocol import SELECTED
from airut.adapters.imap.session import Session
from airut.adapters.imap.wire import format_internal_date, quoted
from airut.adapters.oauth2 import AccessTokens
from airut.models.mail.settings import ImapSettings, MailAccount
from airut.ports.mailbox import MailboxRefused


class ImapSentFolder:
    """Implements `airut.ports.sent_folder.SentFolder`."""

    def __init__(
        self, settings: ImapSettings, account: MailAccount, folder: str, tokens: AccessTokens | None = None
    ) -> None:
        self._settings = settings
        self._account = account
        self._folder = folder
        self._tokens = tokens

    async def has(self, message_id: str) -> bool:
        async with self._opened() as (session, _):
            return await _found(session, message_id)

    async def keep(self, message_id: str, content: bytes, at: datetime) -> None:
        async with self._opened() as (session, spelled):
            if await _found(session, message_id):
                return
            arguments = (spelled, "(\\Seen)", quoted(format_internal_date(at)), f"{{{len(content)}}}")
            answer = await session.run("APPEND", *arguments, answers=(content + b"\r\n",))
            if answer.result != "OK":
                raise MailboxRefused(f"smtp.sent_folder {self._folder}: {answer.text}")

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Session, str]]:
        """A session with the folder open for reading, and the folder's name as it is spelled there."""
        session = await Session.connect(self._settings)
        try:
            await session.authenticate(self._account, self._tokens)
            spelled = (await Folders.discover(session)).spelled(self._folder)
            answer = await session.run("EXAMINE", spelled)
            if answer.result != "OK":
                raise MailboxRefused(f"smtp.sent_folder {self._folder}: {answer.text}")
            session.enter(SELECTED)
            yield session, spelled
            await session.close()
        finally:
            session.abort()


async def _found(session: Session, message_id: str) -> bool:
    answer = await session.run("SEARCH", "HEADER", "Message-ID", quoted(message_id), uid=True)
    if answer.result != "OK":
        raise MailboxRefused(f"smtp.sent_folder cannot be searched: {answer.text}")
    words = [line.split() for line in answer.untagged if line.upper().startswith(b"SEARCH")]
    return any(word.isdigit() for line in words for word in line[1:])
