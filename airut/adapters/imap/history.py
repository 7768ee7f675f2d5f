"""What was processed of late, as the mailbox itself tells it: nothing else remembers it over a restart."""

from datetime import datetime, timedelta

from airut.adapters.imap.folders import Folders
from airut.adapters.imap.session import Session
from airut.adapters.imap.wire import MalformedResponse, Value, format_date, parse_fetch, parse_internal_date
from airut.models.mail.settings import ProcessedMail
from airut.ports.mailbox import FetchedMail, MailboxRefused

BATCH = 100


async def processed_since(
    session: Session, folders: Folders, processed: ProcessedMail, folder: str, moment: datetime, most: int
) -> tuple[FetchedMail, ...]:
    """Headers of the newest `most` mails that arrived after `moment` and were processed, oldest first; those of a
    `move` lie in a folder of their own, and `folder` is selected again afterwards."""
    if processed.action == "delete":
        return ()
    since = ["SINCE", format_date(moment - timedelta(days=1))]  # whole days, by the server's clock
    if processed.action == "flag":
        return await _headers(session, [*since, "KEYWORD", processed.flag], moment, most)
    if (await session.run("EXAMINE", folders.spelled(processed.folder))).result != "OK":
        return ()
    # Not in a `finally`: what fails here ends the connection, and what is cancelled must not wait for an answer.
    mails = await _headers(session, since, moment, most)
    answer = await session.run("SELECT", folders.spelled(folder))
    if answer.result != "OK":
        raise MailboxRefused(f"folder {folder}: {answer.text}")
    return mails


async def _headers(session: Session, criteria: list[str], moment: datetime, most: int) -> tuple[FetchedMail, ...]:
    found = await session.run("SEARCH", *criteria, uid=True)
    lines = [line.split()[1:] for line in found.untagged if line.upper().split()[:1] == [b"SEARCH"]]
    uids = sorted({int(word) for words in lines for word in words if word.isdigit()})[-most:]
    mails: list[FetchedMail] = []
    for start in range(0, len(uids), BATCH):
        batch = ",".join(map(str, uids[start : start + BATCH]))
        # Not a BODY.PEEK: this one sets no \\Seen either, and the oldest servers know it (RFC 3501 §6.4.5).
        answer = await session.run("FETCH", batch, "(UID INTERNALDATE RFC822.HEADER)", uid=True)
        mails += [mail for line in answer.untagged if (mail := _mail(line)) and mail.internal_date > moment]
    return tuple(sorted(mails, key=lambda mail: mail.internal_date))


def _mail(line: bytes) -> FetchedMail | None:
    """None for another response, and for one that cannot be read: it counts for nothing."""
    try:
        items = parse_fetch(line) or {}
        uid, date, header = (_bytes(items.get(name)) for name in ("UID", "INTERNALDATE", "RFC822.HEADER"))
        return FetchedMail(
            uid=int(uid), size=len(header), internal_date=parse_internal_date(date), content=header, whole=False
        )
    except (MalformedResponse, ValueError):
        return None


def _bytes(value: Value | None) -> bytes:
    if not isinstance(value, bytes):
        raise MalformedResponse("item is missing")
    return value
