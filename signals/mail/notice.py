"""What is said of a mail that is not taken, to whoever has verifiably sent it and may (spec: email §2, §3)."""

import hashlib

from airut.models.mail.address import is_authorized
from airut.models.mail.message_id import derive_token, workflow_id
from airut.models.mail.settings import EmailChannel
from airut.models.threads.command import CommandName, ThreadCommand, without_text
from airut.models.threads.message import MailRoute
from airut.ports.mailbox import FetchedMail
from signals.mail.auth import ReceivedMail, authenticate
from signals.mail.dns import TxtResolver
from signals.mail.header import HeaderBlock, MalformedHeader, parse_header_block
from signals.mail.loops import loop_reason
from signals.mail.message import draft_message, message_of, own_addresses
from signals.mail.verdict import Verified

TURNED_AWAY = "Your mail was not taken: this address is not on the list of those who may give tasks here."
UNREADABLE = (
    "**Your mail could not be read**, and nothing was done with it. Send it again as plain text, without its files or "
    "with a link to them; the operator finds what it was."
)


def notice(
    mail: FetchedMail, header: HeaderBlock, sender: Verified, repo: str, channel: EmailChannel, words: str
) -> ThreadCommand:
    """For the mail's thread, which says it. From the header alone: what else is in the mail may be the trouble."""
    draft = draft_message(mail.model_copy(update={"whole": False}), header, sender, repo, channel)
    # Another key than the mail's own: put back into the inbox by a person, the mail is taken.
    key = hashlib.sha256(f"notice\0{draft.key}".encode()).hexdigest()
    message = without_text(message_of(draft, repo)).model_copy(update={"key": key})
    return ThreadCommand(name=CommandName.HELP, message=message, said=words)


def turned_away(
    mail: FetchedMail, header: HeaderBlock, sender: Verified, repo: str, channel: EmailChannel
) -> ThreadCommand:
    """For a conversation of its own, whatever the mail refers to, and for the sender alone: whoever may not give tasks
    reaches no thread."""
    of_today = f"unauthorized\0{sender.address}\0{mail.internal_date:%Y-%m-%d}"
    said = notice(mail, header, sender, repo, channel, TURNED_AWAY)
    token = derive_token(repo, of_today)
    route = said.message.route
    if isinstance(route, MailRoute):
        route = route.model_copy(update={"token": token, "to": (), "cc": ()})
    own = {
        "key": hashlib.sha256(of_today.encode()).hexdigest(),
        "thread": workflow_id(repo, token),
        "participants": (sender.address,),
        "open_to_authorized": False,
        "route": route,
    }
    return said.model_copy(update={"message": said.message.model_copy(update=own)})


async def of_unreadable(
    mail: FetchedMail, repo: str, channel: EmailChannel, resolver: TxtResolver
) -> ThreadCommand | None:
    """None where the sender is not known for sure, may not give tasks, or is a machine."""
    try:
        header = parse_header_block(mail.content)
    except MalformedHeader:
        return None
    if loop_reason(header, own_addresses(channel), channel.auth.allow_lists):
        return None
    received = ReceivedMail(raw=mail.content, header=header, internal_date=mail.internal_date)
    verdict = await authenticate(received, channel.auth, resolver)
    if not isinstance(verdict, Verified) or not is_authorized(verdict.address, channel.auth.authorized_senders):
        return None
    return notice(mail, header, verdict, repo, channel, UNREADABLE)
