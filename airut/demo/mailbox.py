"""A person's mail program: submits mails and reads what comes back, over verified TLS."""

import asyncio
import email
import email.policy
import email.utils
import imaplib
import smtplib
import ssl
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path


@dataclass(frozen=True)
class Mailbox:
    """One account on a mail server."""

    host: str
    imap_port: int
    ca_file: Path
    user: str
    password: str

    async def submit(self, message: EmailMessage, port: int) -> None:
        """Hand a mail to the submission port, as its author."""
        await asyncio.to_thread(self._submit, message, port)

    async def read(self, folder: str = "INBOX", subject: str = "") -> list[EmailMessage]:
        """The mails of a folder with this text in their subject, oldest first; none when there is no such folder."""
        return await asyncio.to_thread(self._read, folder, subject)

    async def wait_for(self, count: int, subject: str = "", limit: float = 60.0) -> list[EmailMessage]:
        """Wait until so many mails with this text in their subject have come.

        Raises:
            TimeoutError: fewer came within `limit` seconds.
        """
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            found = await self.read(subject=subject)
            if len(found) >= count:
                return found
            await asyncio.sleep(0.2)
        raise TimeoutError(f"{self.user} has not received {count} mails with {subject!r} within {limit:g} s")

    def _submit(self, message: EmailMessage, port: int) -> None:
        with smtplib.SMTP(self.host, port, timeout=20) as smtp:
            smtp.starttls(context=ssl.create_default_context(cafile=str(self.ca_file)))
            smtp.login(self.user, self.password)
            smtp.send_message(message)

    def _read(self, folder: str, subject: str) -> list[EmailMessage]:
        context = ssl.create_default_context(cafile=str(self.ca_file))
        with imaplib.IMAP4_SSL(self.host, self.imap_port, ssl_context=context, timeout=20) as imap:
            imap.login(self.user, self.password)
            # A maildir server spells the levels of a folder with dots.
            spellings = dict.fromkeys((folder, folder.replace("/", ".")))
            if not any(imap.select(f'"{name}"', readonly=True)[0] == "OK" for name in spellings):
                return []
            # The server looks for them: whoever waits for one mail does not fetch all others again and again.
            found = imap.uid("SEARCH", *(("SUBJECT", f'"{subject}"') if subject else ("ALL",)))[1][0].split()
            return [self._fetch(imap, uid.decode()) for uid in found]

    @staticmethod
    def _fetch(imap: imaplib.IMAP4_SSL, uid: str) -> EmailMessage:
        answer = imap.uid("FETCH", uid, "(BODY.PEEK[])")[1]
        raw = next(part[1] for part in answer if isinstance(part, tuple))
        return email.message_from_bytes(raw, policy=email.policy.default)


def compose(author: str, to: str, subject: str, text: str, answers: EmailMessage | None = None) -> EmailMessage:
    """A mail as a person writes it; `answers` makes it a reply in the same conversation (RFC 5322 §3.6.4)."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = author, to, subject
    message["Message-ID"] = email.utils.make_msgid(domain=author.partition("@")[2])
    message["Date"] = email.utils.localtime()
    if answers is not None:
        message["In-Reply-To"] = answers["Message-ID"]
        message["References"] = f"{answers['References'] or ''} {answers['Message-ID']}".strip()
    message.set_content(text)
    return message
