"""An authenticated, authorized mail to the one value that its thread is given (spec: email §5 to §8)."""

from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime

from airut.models.base import Model
from airut.models.blob import Text
from airut.models.credentials.redaction import Redactor
from airut.models.mail.address import normalized
from airut.models.mail.message_id import workflow_id
from airut.models.mail.settings import EmailChannel, MailLimits
from airut.models.threads.command import CommandWord, Submission, command_of
from airut.models.threads.message import Attachment, ChannelKind, InboundMessage, MailRoute
from airut.models.values.file_names import distinct
from airut.ports.blobs import BlobStore
from airut.ports.mailbox import FetchedMail
from airut.ports.texts import store
from signals.mail.attachments import MailFile, too_big, within_limits
from signals.mail.authorization import participants
from signals.mail.command import mail_command, said
from signals.mail.header import HeaderBlock
from signals.mail.hints import HintedText, read_hints
from signals.mail.parse import ParsedMail, parse_mail
from signals.mail.quotes import Body
from signals.mail.sender import BadFrom, parse_mailbox
from signals.mail.verdict import Verified
from signals.routing import MailReferences, is_untied, message_ids, message_key, thread_token

EXCERPT = 20_000
"""Characters of a text over `limits.text` that stay in the prompt; the whole comes as a file."""

_DELIVERY_FIELDS = ("to", "cc", "delivered-to", "x-original-to")


class Draft(Model):
    """A message before anything is stored: decided purely from the mail."""

    key: str
    thread: str
    sender: str
    participants: tuple[str, ...]
    open_to_authorized: bool
    sent_at: datetime
    received_at: datetime
    subject: str
    text: str
    uncut: str
    files: tuple[MailFile, ...]
    hinted: HintedText
    notes: tuple[str, ...]
    route: MailRoute
    command: CommandWord | None = None
    """What the mail is instead of a prompt."""


def own_addresses(channel: EmailChannel) -> tuple[str, ...]:
    """The addresses that are us, normalized.

    Raises:
        ValueError: one of them is no address.
    """
    return tuple(parse_mailbox(each) for each in (channel.account.sender, *channel.account.aliases))


def draft_message(
    mail: FetchedMail,
    header: HeaderBlock,
    verified: Verified,
    repo: str,
    channel: EmailChannel,
    neighbours: tuple[str, ...] = (),
) -> Draft:
    """Read the mail. Of one above the size limit only the header is there, which is answered."""
    parsed = parse_mail(mail.content) if mail.whole else ParsedMail(body=Body(cut="", uncut=""))
    references = _references(header, parsed.body.quoted)
    key = _key(mail, header, verified)
    token = thread_token(repo, references, key, neighbours)
    hinted = read_hints(parsed.body.cut, references.recipients, own_addresses(channel))
    uncut = hinted.text if parsed.body.uncut == parsed.body.cut else read_hints(parsed.body.uncut, (), ()).text
    files, notes = within_limits(parsed.files, channel.limits)
    if parsed.obstacle is not None:
        notes = (*notes, str(parsed.obstacle))
    text, uncut, files = _shortened(hinted.text, uncut, files, key, channel.limits)
    text, uncut = _with_notes(text, notes), _with_notes(uncut, notes)
    too_big_ = None if mail.whole else said(too_big(mail.size, channel.limits))
    route = _route(header, references, verified.address, token)
    return Draft(
        key=key,
        thread=workflow_id(repo, token),
        sender=verified.address,
        participants=participants(verified.address, (*route.to, *route.cc), channel.auth.authorized_senders),
        open_to_authorized=channel.auth.open_to == "authorized",
        sent_at=_sent_at(header) or mail.internal_date,
        received_at=mail.internal_date,
        subject=header.text("subject"),
        text=text,
        uncut=uncut,
        files=files,
        hinted=hinted,
        notes=(*notes, *hinted.notes),
        route=route,
        command=too_big_ or mail_command(parsed, hinted, references),
    )


def without_secrets(draft: Draft, redactor: Redactor) -> Draft:
    """The same mail, without what must be seen nowhere. Its files stay as they are: they are not recorded."""
    return draft.model_copy(
        update={
            "subject": redactor.text(draft.subject),
            "text": redactor.text(draft.text),
            "uncut": redactor.text(draft.uncut),
        }
    )


async def submission(draft: Draft, repo: str, blobs: BlobStore) -> Submission:
    """What the thread is given: a command, of which nothing is stored, or a message.

    Raises:
        NoSpace: the store is full.
    """
    if draft.command is None:
        return await store_message(draft, repo, blobs)
    return command_of(message_of(draft, repo), draft.command)


async def store_message(draft: Draft, repo: str, blobs: BlobStore) -> InboundMessage:
    """Put texts above the inline limit and all files into the blob store, and make the message.

    Raises:
        NoSpace: the store is full.
    """
    attachments = [
        Attachment(
            name=file.name,
            media_type=file.media_type,
            content=await blobs.put(file.content),
            content_id=file.content_id,
        )
        for file in draft.files
    ]
    uncut = await store(blobs, draft.uncut) if draft.uncut != draft.text else None
    return _message(draft, repo, await store(blobs, draft.text), uncut, tuple(attachments))


def message_of(draft: Draft, repo: str) -> InboundMessage:
    """The message without its text and files, for what only has to know where it came from."""
    return _message(draft, repo, Text(inline=""))


def _message(
    draft: Draft, repo: str, text: Text, uncut: Text | None = None, attachments: tuple[Attachment, ...] = ()
) -> InboundMessage:
    return InboundMessage(
        key=draft.key,
        thread=draft.thread,
        repo=repo,
        channel=ChannelKind.EMAIL,
        author=draft.sender,
        participants=draft.participants,
        open_to_authorized=draft.open_to_authorized,
        sent_at=draft.sent_at,
        received_at=draft.received_at,
        subject=draft.subject,
        text=text,
        uncut=uncut,
        attachments=attachments,
        hints=draft.hinted.hints,
        notes=draft.notes,
        route=draft.route,
    )


def _references(header: HeaderBlock, quoted: str) -> MailReferences:
    ids = message_ids(header.first("message-id") or "")
    values = [value for name in _DELIVERY_FIELDS for value in header.all(name)]
    return MailReferences(
        message_id=ids[0] if ids else None,
        in_reply_to=message_ids(header.first("in-reply-to") or ""),
        references=message_ids(header.first("references") or ""),
        recipients=_addresses(values),
        subject=header.text("subject"),
        quoted=quoted,
    )


def _route(header: HeaderBlock, references: MailReferences, sender: str, token: str) -> MailRoute:
    return MailRoute(
        token=token,
        message_id=references.message_id,
        references=references.references or references.in_reply_to,
        sender=sender,
        to=_addresses(header.all("to")),
        cc=_addresses(header.all("cc")),
        subject=references.subject,
        untied=is_untied(references),
    )


def _key(mail: FetchedMail, header: HeaderBlock, verified: Verified) -> str:
    ids = message_ids(header.first("message-id") or "") if verified.message_id_proven else ()
    parts = tuple(header.first(name) or "" for name in ("from", "date", "subject"))
    body = mail.content.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return message_key(ids[0] if ids else None, verified.address, parts, body)


def _addresses(values: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Well-formed addresses, normalized, each once; anything else in the field is skipped."""
    found: dict[str, None] = {}
    for _, address in getaddresses(list(values)):
        local, _, domain = address.rpartition("@")
        try:
            found[normalized(local, domain)] = None
        except BadFrom:
            continue
    return tuple(found)


def _sent_at(header: HeaderBlock) -> datetime | None:
    try:
        date = parsedate_to_datetime(header.first("date") or "")
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _shortened(
    text: str, uncut: str, files: tuple[MailFile, ...], key: str, limits: MailLimits
) -> tuple[str, str, tuple[MailFile, ...]]:
    """A text over the limit goes along as a file, its beginning stays."""
    whole = uncut if len(uncut) > limits.text else text
    if len(whole) <= limits.text:
        return text, uncut, files
    name = distinct(f"message-{key[:8]}.txt", {each.name.casefold() for each in files})
    file = MailFile(name=name, media_type="text/plain", content=whole.encode())
    more = f"\n\n[cut here; the whole text is in this file:]\n[file: {name}]"
    return _beginning(text, more), _beginning(uncut, more), (*files, file)


def _with_notes(text: str, notes: tuple[str, ...]) -> str:
    """For the agent, which has to know of what is missing as well as whoever wrote."""
    return "\n\n".join((*filter(None, [text]), *(f"[{note}]" for note in notes)))


def _beginning(text: str, more: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT] + more
