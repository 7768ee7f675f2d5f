"""A repository's e-mail channel as configured (spec: email §1, §3, §4, §8-§11). Times in seconds, sizes in bytes."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from airut.models.base import Model
from airut.models.credentials.secret import Secret
from airut.models.mail.notes import MailNotes, ProgressMails
from airut.models.mail.oauth2 import MailOAuth2
from airut.models.values.durations import Bytes, Seconds
from airut.models.values.loopback import is_loopback
from airut.models.values.rate import ARate, Rate

GIVE_UP_AFTER = 72 * 3600.0
"""Seconds: a mail server that is down over a weekend."""


class Security(StrEnum):
    """How a connection to a mail server is protected. `plain` only for a loopback host."""

    TLS = "tls"
    STARTTLS = "starttls"
    PLAIN = "plain"


def _check_protection(security: Security | None, host: str) -> None:
    if security is Security.PLAIN and not is_loopback(host):
        raise ValueError(f"security: plain is for a loopback host only, not for {host}; write starttls or tls")


class MailAccount(Model):
    username: str
    """The mailbox's own, for IMAP and SMTP."""
    password: Secret | None = None
    """Of the mailbox; not needed with `oauth2`."""
    sender: Annotated[str, Field(alias="from")]
    """One address, display name allowed."""
    aliases: tuple[str, ...] = ()
    """Other addresses of this mailbox: mail to them is for us as well."""


class ProcessedMail(Model):
    """What becomes of a mail that was handed over, refused, or could not be handled."""

    action: Literal["move", "flag", "delete"] = "move"
    """`move` to a folder, `flag` in place, or `delete`."""
    flag: str = "$AirutDone"
    """The keyword for `flag`."""
    folder: str = "Airut/Processed"
    """Where `move` puts what was handed over."""
    rejected: str = "Airut/Rejected"
    """Where it puts what was refused."""
    failed: str = "Airut/Failed"
    """Where it puts what could not be handled."""


class ImapSettings(Model):
    host: str
    """The IMAP server."""
    port: int = 993
    """993 is usual for `tls`, 143 for `starttls`."""
    security: Security = Security.TLS
    """`plain` is for a loopback host only."""
    ca_file: Path | None = None
    """PEM bundle used instead of the system store."""
    folder: str = "INBOX"
    """The folder that mail comes to."""
    idle: bool = True
    """Whether the server is asked to say when mail comes, where it can."""
    rescan: Seconds = 300.0
    """How often the folder is looked through even so."""
    poll_interval: Annotated[Seconds, Field(ge=0.1)] = 60.0
    """How often, where the server does not say when mail comes."""
    connect_timeout: Seconds = 15.0
    """For the connection and its protection."""
    command_timeout: Seconds = 60.0
    """For the answer to one command."""
    processed: ProcessedMail = ProcessedMail()
    """What becomes of mail that is done with."""
    search: Literal["unprocessed", "unseen"] = "unprocessed"
    """`unseen` leaves out what somebody has read."""
    first_run_max_age: Seconds = 24 * 3600.0
    """At the first start, older mail is left alone."""

    @model_validator(mode="after")
    def _protected(self) -> Self:
        _check_protection(self.security, self.host)
        return self


class SmtpSettings(Model):
    host: str
    """The server that takes our mail."""
    port: int = 587
    """587 is usual for `starttls`, 465 for `tls`."""
    security: Security | None = None
    """null is `tls` on port 465, else `starttls`."""
    ca_file: Path | None = None
    """PEM bundle used instead of the system store."""
    auth: bool = True
    """Whether we log in there."""
    sent_folder: str | None = None
    """Where the account's server or we keep what was sent: searched before a mail goes out again."""
    save_sent: bool = False
    """Whether we put a copy there, for servers that do not."""

    @model_validator(mode="after")
    def _protected(self) -> Self:
        _check_protection(self.security, self.host)
        return self

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.save_sent and self.sent_folder is None:
            raise ValueError("save_sent needs sent_folder, the folder that the copies go to")
        return self


class MailAuth(Model):
    """Who may send, and how that is known."""

    mode: Literal["results", "verify"] = "results"
    """`results` believes what your own mail server has found out; `verify` checks signatures here."""
    trusted_authserv_id: tuple[str, ...] = ()
    """Names of the servers whose `Authentication-Results` count; `""` for a server that writes none."""
    results_fields: Annotated[int, Field(ge=1, le=5)] = 1
    """How many of the topmost `Authentication-Results` fields are read."""
    require_header_from: bool = False
    """Whether the server has to name the domain that it has checked."""
    require_dmarc_record: bool = True
    """With `verify`: whether the sender's domain has to publish DMARC."""
    microsoft_internal_fallback: bool = False
    """Whether mail inside one Microsoft 365 tenant, which has no results, is believed."""
    authorized_senders: tuple[str, ...]
    """Addresses or `*@domain` (never subdomains)."""
    open_to: Annotated[Literal["participants", "authorized"], Field(alias="continue")] = "participants"
    """Who may continue a thread: those who take part in it already, or whoever may begin one."""
    reject_reply: Literal["never", "daily"] = "never"
    """Whether somebody whose address is verified and not listed is told so, once a day."""
    allow_lists: tuple[str, ...] = ()
    """`List-Id`s of mailing lists whose mail is taken; all others are refused."""


class MailLimits(Model):
    message: Bytes = 40 * 1024**2
    """Of a whole mail."""
    attachment: Bytes = 25 * 1024**2
    """Of one file."""
    attachments: int = 50
    """Files of one mail."""
    text: int = 200_000
    """Characters."""
    per_sender: ARate = Rate(most=30, seconds=3600)
    """Mails that are taken of one sender, as `30/h`."""
    per_repo: ARate = Rate(most=300, seconds=3600)
    """Mails that are taken. A person in a conversation sends a few an hour; a machine that has gone wild, hundreds."""


QUEUED_AFTER = 60.0
"""Seconds that a mail waits for its turn before that is told: what is taken up sooner needs no word."""


class Replies(Model):
    acknowledge: Literal["first", "always", "never"] = "first"
    """`first`: the first mail of a conversation, and any that has to wait."""
    progress: ProgressMails | Literal["never"] = ProgressMails()
    """How often a sender is told how far a long task is."""
    cc: Literal["participants", "sender"] = "participants"
    """Who gets the answers besides the sender: whoever takes part, or nobody."""
    subject_tag: Literal["auto", "always", "never"] = "auto"
    """Whether the thread's token stands in the subject: `auto` once somebody's mail program loses the references."""
    attachments: Bytes = 20 * 1024**2
    """Of all files of one answer together; the rest is named in it."""
    give_up_after: Annotated[Seconds, Field(ge=60, le=30 * 86400)] = GIVE_UP_AFTER
    """How long a mail server may be away before an answer counts as not to be delivered."""

    @property
    def notes(self) -> MailNotes:
        """What else than answers is sent."""
        progress = None if self.progress == "never" else self.progress
        queued = None if self.acknowledge == "never" else QUEUED_AFTER
        return MailNotes(acknowledge=self.acknowledge, progress=progress, queued_after=queued)


def mailbox_of(channel: "EmailChannel") -> tuple[str, str, str]:
    """Server, user and folder: what two repositories cannot share. INBOX is so in any case (RFC 9051 §5.1)."""
    folder = "INBOX" if channel.imap.folder.upper() == "INBOX" else channel.imap.folder
    return channel.imap.host.lower(), channel.account.username, folder


class EmailChannel(Model):
    account: MailAccount
    """The mailbox, which belongs to one repository."""
    imap: ImapSettings
    """Where mail is read."""
    smtp: SmtpSettings
    """Where mail is sent."""
    oauth2: MailOAuth2 | None = None
    """Logs in by token instead of `account.password`, at both servers."""
    auth: MailAuth
    limits: MailLimits = MailLimits()
    """What a mail may hold, and how many are taken."""
    replies: Replies = Replies()
    """How we answer."""

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        if self.oauth2 is None and self.account.password is None:
            raise ValueError("account.password is required, unless oauth2 is given")
        return self
