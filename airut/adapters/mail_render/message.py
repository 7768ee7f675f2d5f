"""An answer as the bytes of a mail: headers, text and HTML, pictures, files (RFC 5322, RFC 2045-2049)."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Literal

from airut.adapters.mail_render import headers, markdown
from airut.adapters.mail_render.addresses import Recipients, recipients
from airut.models.mail.message_id import build_message_id
from airut.models.tasks.reply import Outbound, ReplyKind
from airut.models.threads.message import Attachment, MailRoute

_MEDIA_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,63})/([a-z0-9][a-z0-9!#$&^_.+-]{0,63})")
_TAG = re.compile(r"\s*\[airut [a-z2-7]{16}\]", re.IGNORECASE)
# Pictures that every mail client shows inline; SVG is not one of them and can hold scripts.
_PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}


@dataclass(frozen=True)
class Sender:
    """Who we are in a mail. `mailbox` may have a display name; `installation` marks our mails for loop protection."""

    mailbox: str
    aliases: tuple[str, ...]
    installation: str
    copy_participants: bool = True
    subject_tag: Literal["auto", "always", "never"] = "auto"

    @property
    def address(self) -> str:
        return parseaddr(self.mailbox)[1]


@dataclass(frozen=True)
class RenderedMail:
    """A mail ready for SMTP: `content` has CRLF line ends, and is 7-bit unless an address is internationalised."""

    message_id: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    content: bytes
    left_out: tuple[str, ...] = ()
    """Whom the answered mail was sent to besides, and who is not copied in."""


def own_message_id(outbound: Outbound, sender: Sender) -> str:
    """The Message-ID of an answer: the same on every try, and for every form of the mail.

    Raises:
        ValueError: no answered message came by mail.
    """
    routes = [route for route in outbound.routes if isinstance(route, MailRoute)]
    if not routes:
        raise ValueError("none of the answered messages came by mail")
    domain = sender.address.rpartition("@")[2]
    return build_message_id(routes[-1].token, outbound.task, outbound.kind, outbound.seq, domain)


def render(
    outbound: Outbound,
    sender: Sender,
    date: datetime,
    files: Mapping[str, bytes],
    left_out: Sequence[str] = (),
    plain_only: bool = False,
) -> RenderedMail:
    """Build the mail. The same arguments give the same bytes.

    `files` holds contents by the SHA-256 of the attachments that go along; attachments without one are left out.
    `left_out` are sentences about what could not be sent. `plain_only` makes one text/plain part, without files.

    Raises:
        ValueError: no answered message came by mail, or nobody is left to answer.
    """
    routes = [route for route in outbound.routes if isinstance(route, MailRoute)]
    if not routes:
        raise ValueError("none of the answered messages came by mail")
    who = recipients(routes, outbound.participants, (sender.mailbox, *sender.aliases), sender.copy_participants)
    if not who.to:
        raise ValueError("no answered mail has a sender that can be answered")
    newest = routes[-1]
    message_id = own_message_id(outbound, sender)
    footer = _footer(outbound, newest.token, left_out)
    message = EmailMessage(policy=SMTP)
    message.set_content(_text(outbound.markdown, footer), cte="quoted-printable")
    if not plain_only:
        _add_html_and_files(message, outbound, footer, files, sender.address.rpartition("@")[2])
        _set_boundaries(message, message_id)
    untied = any(route.untied for route in routes)
    subject = _subject(newest, sender.subject_tag, untied=untied)
    header = _header(_linked(newest, outbound, sender), sender, date, message_id, who, subject)
    content = header + message.as_bytes()
    return RenderedMail(message_id, sender.address, who.to, who.cc, content, who.left_out)


def _linked(newest: MailRoute, outbound: Outbound, sender: Sender) -> MailRoute:
    """A conversation that a schedule opens begins with the answer to its first task. What the schedule says later in
    the same one refers to that mail, so that clients show both together."""
    if not newest.opens or outbound.task == 1:
        return newest
    first = build_message_id(newest.token, 1, ReplyKind.ANSWER, 0, sender.address.rpartition("@")[2])
    return newest.model_copy(update={"references": (first,)})


def _subject(newest: MailRoute, policy: Literal["auto", "always", "never"], *, untied: bool) -> str:
    """With the thread's tag where it is wanted. One that came stays whatever is wanted: Gmail splits a conversation
    whose subject changes. One of another thread goes: who answers would land there."""
    tag = f"[airut {newest.token}]"
    kept = tag in newest.subject.lower()
    bare = _TAG.sub("", newest.subject)
    subject = headers.subject(bare) if newest.opens else headers.reply_subject(bare)
    wanted = kept or policy == "always" or (policy == "auto" and untied)
    return f"{subject} {tag}" if wanted else subject


def _header(newest: MailRoute, sender: Sender, date: datetime, message_id: str, who: Recipients, subject: str) -> bytes:
    chain = headers.references(newest.references, newest.message_id)
    fields = [
        headers.words_field("Date", [format_datetime(date)]),
        headers.mailbox_field("From", sender.mailbox),
        headers.addresses_field("To", who.to),
    ]
    if who.cc:
        fields.append(headers.addresses_field("Cc", who.cc))
    fields.append(headers.text_field("Subject", subject))
    fields.append(headers.words_field("Message-ID", [message_id]))
    if newest.message_id and headers.is_message_id(newest.message_id):
        fields.append(headers.words_field("In-Reply-To", [newest.message_id]))
    if chain:
        fields.append(headers.words_field("References", chain))
    # RFC 3834 §5: answering programs recognise each other by it; Exchange's own answers obey the second field only.
    fields.append(b"Auto-Submitted: auto-generated\r\n" if newest.opens else b"Auto-Submitted: auto-replied\r\n")
    fields.append(b"X-Auto-Response-Suppress: All\r\n")
    fields.append(headers.text_field("X-Airut-Installation", sender.installation))
    return b"".join(fields)


def _footer(outbound: Outbound, token: str, left_out: Sequence[str]) -> tuple[str, ...]:
    lines = (*left_out, *outbound.footer, f"airut {token}")
    return tuple(cleaned for line in lines if (cleaned := headers.clean(line)))


def _text(text: str, footer: Sequence[str]) -> str:
    return "\n".join([markdown.plain(text).rstrip("\n"), "", "---", *footer, ""])


def _add_html_and_files(
    message: EmailMessage, outbound: Outbound, footer: Sequence[str], files: Mapping[str, bytes], domain: str
) -> None:
    present = [attachment for attachment in outbound.attachments if attachment.content.sha256 in files]
    pictures = {one.name: f"{one.content.sha256[:32]}@{domain}" for one in present if _type(one) in _PICTURES}
    html = markdown.to_html(outbound.markdown, footer, pictures)
    shown = {name for name, cid in pictures.items() if f'src="cid:{cid}"' in html}
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    page = message.get_body(("html",))
    if not isinstance(page, EmailMessage):
        raise TypeError("the HTML part that was just added is not there")
    for attachment in present:
        maintype, _, subtype = _type(attachment).partition("/")
        content = files[attachment.content.sha256]
        name = _file_name(attachment.name)
        if attachment.name in shown:
            cid = f"<{pictures[attachment.name]}>"
            page.add_related(content, maintype, subtype, cid=cid, filename=name, disposition="inline")
        else:
            message.add_attachment(content, maintype, subtype, filename=name)


def _type(attachment: Attachment) -> str:
    """A type that may be base64 (RFC 2046 §5 forbids it for composite ones) and cannot break out of its header."""
    media_type = attachment.media_type.lower().strip()
    if not _MEDIA_TYPE.fullmatch(media_type) or media_type.startswith(("multipart/", "message/")):
        return "application/octet-stream"
    return media_type


def _file_name(name: str) -> str:
    return headers.clean(name) or "attachment"


def _set_boundaries(message: EmailMessage, message_id: str) -> None:
    """`=_` never occurs in quoted-printable or base64 (RFC 2045 §6.7), so no content can hold a boundary."""
    multiparts = [part for part in message.walk() if part.is_multipart()]
    for index, part in enumerate(multiparts):
        digest = hashlib.sha256(f"{message_id} {index}".encode()).hexdigest()[:32]
        part.set_boundary(f"=_airut_{digest}")
