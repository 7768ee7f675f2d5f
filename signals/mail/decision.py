"""What becomes of one mail: a message for a thread, a folder, or another look later (spec: email §2 to §4)."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Literal

from airut.models.base import Model
from airut.models.mail.address import is_authorized
from airut.models.mail.bounce import Bounce
from airut.models.mail.settings import EmailChannel
from airut.models.threads.command import ThreadCommand
from airut.ports.mailbox import Disposition, FetchedMail
from signals.mail.auth import ReceivedMail, authenticate
from signals.mail.bounces import read_bounce
from signals.mail.dns import TxtResolver
from signals.mail.header import HeaderBlock, MalformedHeader, parse_header_block
from signals.mail.loops import LoopReason, answers_invitation, loop_reason
from signals.mail.message import Draft, draft_message, own_addresses
from signals.mail.notice import notice, turned_away
from signals.mail.rates import NoticeReason, Rates
from signals.mail.verdict import Deferred, RefusalReason, Refused

logger = logging.getLogger(__name__)

DNS_PATIENCE = timedelta(hours=24)
"""How long a mail waits for DNS: a day covers an outage that somebody has to notice and repair."""

DiscardReason = Literal["bad_header", "unauthorized", "too_big", "rate", "poison"] | LoopReason | RefusalReason


class Accept(Model):
    draft: Draft


class Discard(Model):
    """Not taken. `detail` is for the operator; `notice`, where there is one, for the sender, who is verified then."""

    disposition: Disposition
    reason: DiscardReason
    detail: str = ""
    notice: ThreadCommand | None = None
    bounce: Bounce | None = None
    """What it reports of an answer of ours."""
    told_of: NoticeReason | None = None
    """What the notice says, where it is not said of each mail."""


class Later(Model):
    """DNS did not answer; the mail stays where it is."""

    detail: str


Decision = Accept | Discard | Later


async def decide(
    mail: FetchedMail,
    repo: str,
    channel: EmailChannel,
    resolver: TxtResolver,
    rates: Rates,
    now: datetime,
    neighbours: tuple[str, ...] = (),
) -> Decision:
    """Loop protection first, then authentication, authorization, how many have come, and only then the text."""
    try:
        header = parse_header_block(mail.content)
    except MalformedHeader as error:
        return Discard(disposition=Disposition.REJECTED, reason="bad_header", detail=str(error))
    if (by_machine := await _by_machine(mail, header, repo, channel)) is not None:
        return by_machine
    if channel.auth.mode == "verify" and not mail.whole:
        # A signature covers the body, which is not fetched: whoever sent this stays unknown.
        return Discard(disposition=Disposition.REJECTED, reason="too_big", detail=f"{mail.size} bytes")
    received = ReceivedMail(raw=mail.content, header=header, internal_date=mail.internal_date)
    verdict = await authenticate(received, channel.auth, resolver)
    if isinstance(verdict, Deferred):
        if now - mail.internal_date > DNS_PATIENCE:
            return Discard(disposition=Disposition.REJECTED, reason="dns", detail=verdict.detail)
        return Later(detail=verdict.detail)
    if isinstance(verdict, Refused):
        return Discard(disposition=Disposition.REJECTED, reason=verdict.reason, detail=verdict.detail)
    if not is_authorized(verdict.address, channel.auth.authorized_senders):
        told = channel.auth.reject_reply == "never" or rates.is_told("unauthorized", verdict.address, now)
        return Discard(
            disposition=Disposition.REJECTED,
            reason="unauthorized",
            detail=verdict.address,
            notice=None if told else turned_away(mail, header, verdict, repo, channel),
            told_of="unauthorized",
        )
    if excess := rates.excess(verdict.address, mail.internal_date):
        told = rates.is_told("rate", verdict.address, now)
        return Discard(
            disposition=Disposition.REJECTED,
            reason="rate",
            detail=f"{verdict.address} is {excess.detail}",
            notice=None if told else notice(mail, header, verdict, repo, channel, excess.words),
            told_of="rate",
        )
    # Up to 40 MiB of MIME and HTML: seconds of work, during which other mailboxes must go on.
    draft = await asyncio.to_thread(draft_message, mail, header, verdict, repo, channel, neighbours)
    return Accept(draft=draft)


async def _by_machine(mail: FetchedMail, header: HeaderBlock, repo: str, channel: EmailChannel) -> Discard | None:
    """What becomes of a mail that a program wrote: it is never answered. None: a person may have written it."""
    if loop := loop_reason(header, own_addresses(channel), channel.auth.allow_lists):
        bounce = await _bounce(mail, header, repo, channel) if loop is LoopReason.BOUNCE else None
        detail = f"task {bounce.task} of {bounce.thread}: {bounce.words}" if bounce else ""
        return Discard(disposition=Disposition.PROCESSED, reason=loop, detail=detail, bounce=bounce)
    if mail.whole and answers_invitation(mail.content):
        return Discard(disposition=Disposition.PROCESSED, reason=LoopReason.CALENDAR)
    return None


async def _bounce(mail: FetchedMail, header: HeaderBlock, repo: str, channel: EmailChannel) -> Bounce | None:
    domain = own_addresses(channel)[0].rpartition("@")[2]
    try:
        # Up to 40 MiB of MIME, as in `decide`.
        return await asyncio.to_thread(read_bounce, mail.content, header, repo, domain, mail.internal_date)
    except Exception as error:  # the standard library's parser has its days, and a report is never worth a poison
        logger.warning("a report could not be read: %s", type(error).__name__)
        return None


def header_or_empty(mail: FetchedMail) -> HeaderBlock:
    """For the audit of mails whose header may be the very thing that is wrong."""
    try:
        return parse_header_block(mail.content)
    except MalformedHeader:
        return HeaderBlock(fields=())
