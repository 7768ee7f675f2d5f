"""`airut.ports.mailbox.Mailbox` over one IMAP session: only UIDs, no `\\Seen`, three folders."""

import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from airut.adapters.imap.folders import Folders
from airut.adapters.imap.history import processed_since
from airut.adapters.imap.protocol import SELECTED
from airut.adapters.imap.session import Answer, Session
from airut.adapters.imap.wire import MalformedResponse, Value, parse_fetch, parse_internal_date
from airut.adapters.oauth2 import AccessTokens
from airut.models.mail.settings import ImapSettings, MailAccount
from airut.ports.mailbox import (
    Disposition,
    FetchedMail,
    Mailbox,
    MailboxRefused,
    MailNotSettled,
    MailUnreadable,
    OpenMailbox,
)

BATCH = 100
"""UIDs a command: keeps lines short enough for every server (RFC 9051 §4.2.5 warns of 8192 bytes)."""

_UID_VALIDITY = re.compile(rb"OK \[UIDVALIDITY (\d+)\]", re.IGNORECASE)
_PERMANENT_FLAGS = re.compile(rb"OK \[PERMANENTFLAGS \(([^)]*)\)\]", re.IGNORECASE)


def imap_mailbox(settings: ImapSettings, account: MailAccount, tokens: AccessTokens | None = None) -> OpenMailbox:
    """How intake opens this mailbox: connects, logs in and selects on entering. With `tokens` it logs in by them."""

    @asynccontextmanager
    async def open_mailbox() -> AsyncIterator[Mailbox]:
        session = await Session.connect(settings)
        try:
            await session.authenticate(account, tokens)
            folders = await Folders.discover(session)
            yield await _select(session, settings, folders)
            await session.close()
        finally:
            session.abort()

    return open_mailbox


class ImapMailbox:
    """Implements `airut.ports.mailbox.Mailbox`."""

    def __init__(self, session: Session, settings: ImapSettings, folders: Folders, uid_validity: int) -> None:
        self._session = session
        self._settings = settings
        self._processed = settings.processed
        self._folders = folders
        self.uid_validity = uid_validity

    async def adopt(self, older_than: datetime) -> int:
        """A first run shows by the missing processed folder (`move`), or by no mail carrying the keyword and no
        rejected folder (`flag`). The folder that ends it appears last, so that an interrupted run is taken up."""
        await self._folders.ensure(self._processed.failed)
        old: tuple[int, ...] = ()
        if self._processed.action == "move":
            if not await self._folders.exists(self._processed.folder):
                old = await self._arrived_before(older_than)
                await self._adopt_by_move(old)
        elif self._processed.action == "flag" and not await self._folders.exists(self._processed.rejected):
            flagged = await self._uids("KEYWORD", self._processed.flag)
            old = () if flagged else await self._arrived_before(older_than)
            for batch in _batches(old):
                await self._store(batch, self._processed.flag)
        await self._folders.ensure(self._processed.rejected)
        return len(old)

    async def processed_since(self, moment: datetime, most: int) -> tuple[FetchedMail, ...]:
        folder = self._settings.folder
        return await processed_since(self._session, self._folders, self._processed, folder, moment, most)

    async def search(self) -> tuple[int, ...]:
        self._session.forget_news()
        criteria = ["UNDELETED"]
        if self._processed.action == "flag":
            criteria += ["UNKEYWORD", self._processed.flag]
        if self._settings.search == "unseen":
            criteria.append("UNSEEN")
        return await self._uids(*criteria)

    async def fetch(self, uid: int, max_size: int) -> FetchedMail | None:
        described = await self._session.run("FETCH", str(uid), "(UID RFC822.SIZE INTERNALDATE FLAGS)", uid=True)
        try:
            items = _of_uid(described, uid, "RFC822.SIZE")
            if items is None:
                return None
            size = int(_bytes(items.get("RFC822.SIZE")))
            date = parse_internal_date(_bytes(items.get("INTERNALDATE")))
            content = await self._content(uid, whole=size <= max_size)
        except (MalformedResponse, ValueError) as error:
            raise MailUnreadable(f"UID {uid}: {error}") from error
        flags = items.get("FLAGS") or []
        words = (flag.decode("ascii", "replace") for flag in flags if isinstance(flag, bytes))
        if content is None:
            return None
        return FetchedMail(
            uid=uid,
            size=size,
            internal_date=date,
            flags=frozenset(words),
            content=content,
            whole=size <= max_size,
        )

    async def settle(self, uid: int, disposition: Disposition) -> None:
        match disposition:
            case Disposition.REJECTED:
                await self._move((uid,), self._processed.rejected)
            case Disposition.FAILED:
                await self._move((uid,), self._processed.failed)
            case Disposition.PROCESSED if self._processed.action == "flag":
                await self._store((uid,), self._processed.flag)
            case Disposition.PROCESSED if self._processed.action == "delete":
                await self._delete((uid,), may_expunge_all=True)
            case Disposition.PROCESSED:
                await self._move((uid,), self._processed.folder)

    async def wait(self, seconds: float) -> None:
        if self._session.has_news:  # told beside another command's answer: IDLE would not tell it again
            return
        if self._settings.idle and self._session.can_idle:
            await self._session.idle(seconds)
        if not (self._settings.idle and self._session.can_idle):
            await self._session.pause(min(seconds, self._settings.poll_interval))

    async def _content(self, uid: int, *, whole: bool) -> bytes | None:
        asked = "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]"
        answer = await self._session.run("FETCH", str(uid), f"(UID {asked})", uid=True)
        if answer.result == "BAD":  # servers before RFC 2060 know only this one; it sets \\Seen
            asked = "RFC822" if whole else "RFC822.HEADER"
            answer = await self._session.run("FETCH", str(uid), f"(UID {asked})", uid=True)
        name = asked.replace(".PEEK", "")
        items = _of_uid(answer, uid, name)
        return None if items is None else _bytes(items.get(name))

    async def _uids(self, *criteria: str) -> tuple[int, ...]:
        answer = await self._session.run("SEARCH", *criteria, uid=True)
        if answer.result != "OK":
            raise MailboxRefused(f"search refused: {answer.text}")
        lines = [line.split()[1:] for line in answer.untagged if line.upper().split()[:1] == [b"SEARCH"]]
        return tuple(sorted({int(word) for words in lines for word in words if word.isdigit()}))

    async def _arrived_before(self, moment: datetime) -> tuple[int, ...]:
        old: list[int] = []
        for batch in _batches(await self.search()):
            answer = await self._session.run("FETCH", _set(batch), "(UID INTERNALDATE)", uid=True)
            for line in answer.untagged:
                # What cannot be read is not old: it will be looked at like any new mail.
                with contextlib.suppress(MalformedResponse, ValueError):
                    items = parse_fetch(line) or {}
                    uid = int(_bytes(items.get("UID")))
                    if parse_internal_date(_bytes(items.get("INTERNALDATE"))) < moment:
                        old.append(uid)
        return tuple(old)

    async def _adopt_by_move(self, old: tuple[int, ...]) -> None:
        """Old mails go to a folder of another name, which is renamed when all are there: a folder under its final
        name means that the first run is over."""
        unfinished = f"{self._processed.folder}-new"
        if old:
            await self._folders.ensure(unfinished)
        for batch in _batches(old):
            await self._move(batch, unfinished)
        if old or await self._folders.exists(unfinished):
            await self._folders.rename(unfinished, self._processed.folder)
        else:
            await self._folders.ensure(self._processed.folder)

    async def _move(self, uids: tuple[int, ...], folder: str) -> None:
        """UID MOVE (RFC 6851); else COPY and delete, where only UIDPLUS may expunge: a plain EXPUNGE would take
        along what a person has marked."""
        name = "MOVE" if "MOVE" in self._session.capabilities else "COPY"
        answer = await self._session.run(name, _set(uids), self._folders.spelled(folder), uid=True)
        if answer.result == "NO" and "TRYCREATE" in answer.text.upper():
            await self._folders.ensure(folder)
            answer = await self._session.run(name, _set(uids), self._folders.spelled(folder), uid=True)
        _check(answer, f"move to {folder}")
        if name == "COPY":
            await self._delete(uids, may_expunge_all=False)

    async def _delete(self, uids: tuple[int, ...], *, may_expunge_all: bool) -> None:
        await self._store(uids, "\\Deleted")
        if "UIDPLUS" in self._session.capabilities:
            _check(await self._session.run("EXPUNGE", _set(uids), uid=True), "expunge")
        elif may_expunge_all:
            _check(await self._session.run("EXPUNGE"), "expunge")

    async def _store(self, uids: tuple[int, ...], flag: str) -> None:
        _check(await self._session.run("STORE", _set(uids), "+FLAGS.SILENT", f"({flag})", uid=True), f"flag {flag}")


async def _select(session: Session, settings: ImapSettings, folders: Folders) -> ImapMailbox:
    """Raises MailboxRefused: no such folder, read-only, or no keywords where they are needed."""
    answer = await session.run("SELECT", folders.spelled(settings.folder))
    if answer.result != "OK":
        raise MailboxRefused(f"folder {settings.folder}: {answer.text}")
    if answer.text.upper().startswith("[READ-ONLY]"):
        raise MailboxRefused(f"folder {settings.folder} is read-only")
    session.enter(SELECTED)
    joined = b"\n".join(answer.untagged)
    validity = _UID_VALIDITY.search(joined)
    permanent = _PERMANENT_FLAGS.search(joined)
    flag = settings.processed.flag
    if settings.processed.action == "flag" and permanent is not None:
        known = permanent[1].decode("ascii", "replace").lower().split()
        if "\\*" not in known and flag.lower() not in known:
            raise MailboxRefused(f"the server cannot keep the flag {flag}; set imap.processed.action: move")
    return ImapMailbox(session, settings, folders, int(validity[1]) if validity else 0)


def _of_uid(answer: Answer, uid: int, needed: str) -> dict[str, Value] | None:
    """The FETCH response for this UID that has the needed item. One without UID counts if no other has it; servers
    may add responses for other mails (RFC 9051 §7.5.2)."""
    if answer.result != "OK":
        raise MalformedResponse(f"FETCH refused: {answer.text}")
    anonymous: dict[str, Value] | None = None
    for line in answer.untagged:
        items = parse_fetch(line)
        if items is None or needed not in items:
            continue
        if items.get("UID") == str(uid).encode():
            return items
        if "UID" not in items:
            anonymous = items
    return anonymous


def _bytes(value: Value | None) -> bytes:
    if not isinstance(value, bytes):
        raise MalformedResponse("item is missing")
    return value


def _check(answer: Answer, what: str) -> None:
    if answer.result != "OK":
        raise MailNotSettled(f"{what}: {answer.text}")


def _set(uids: tuple[int, ...]) -> str:
    return ",".join(map(str, uids))


def _batches(uids: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [uids[start : start + BATCH] for start in range(0, len(uids), BATCH)]
