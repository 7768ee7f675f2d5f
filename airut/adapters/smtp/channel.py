"""The output half of the e-mail channel (spec: email §9, §10)."""

import asyncio
import logging
from collections.abc import Mapping

from airut.adapters.mail_render import RenderedMail, Sender, own_message_id, render
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.smtp.submission import ContentRefused, MessageTooLarge, Submission
from airut.errors import BlobError, DeliveryDeferred, DeliveryRefused
from airut.models.mail.address import is_authorized
from airut.models.mail.settings import MailAccount, Replies, SmtpSettings
from airut.models.tasks.reply import Delivery, Outbound
from airut.ports.blobs import BlobStore
from airut.ports.mailbox import MailboxRefused, MailboxUnavailable
from airut.ports.sent_folder import SentFolder

NOTE_MOST = 1000
"""Characters: a list of recipients may be long, and records are kept in histories."""

logger = logging.getLogger(__name__)


class SmtpChannel:
    """Implements `airut.ports.channel.Channel`. A second try renders the same bytes under the same Message-ID."""

    def __init__(
        self,
        settings: SmtpSettings,
        account: MailAccount,
        replies: Replies,
        blobs: BlobStore,
        installation: str,
        tokens: AccessTokens | None = None,
        sent: SentFolder | None = None,
        *,
        authorized: tuple[str, ...],
    ) -> None:
        """Only those on the list `authorized` are copied in. With `tokens` it logs in by them. `sent` is searched
        before a second try, and given copies where that is configured."""
        self._submission = Submission(settings, account, tokens)
        self._sender = Sender(
            account.sender, account.aliases, installation, replies.cc == "participants", replies.subject_tag
        )
        self._limit = replies.attachments
        self._blobs = blobs
        self._sent = sent
        self._authorized = authorized
        self._saves = settings.save_sent

    async def send(self, outbound: Outbound) -> Delivery:
        # Who took part once may have been taken off the list since.
        still = tuple(each for each in outbound.participants if is_authorized(each, self._authorized))
        outbound = outbound.model_copy(update={"participants": still})
        if outbound.again and (message_id := await self._found(outbound)):
            return Delivery(message_id=message_id)
        files, left_out = await self._files(outbound)
        try:
            return await self._submit(outbound, files, left_out)
        except MessageTooLarge as error:
            refusal = error
        except ContentRefused as error:
            return await self._send_plain(outbound, left_out + _named(outbound, files, "the server refused"), error)
        # Spec §10: what the server calls too large goes once more without files, which are named.
        left_out += _named(outbound, files, "the mail would be too large for the server")
        if not files:
            return await self._send_plain(outbound, left_out, refusal)
        try:
            return await self._submit(outbound, {}, left_out)
        except (MessageTooLarge, ContentRefused) as error:
            return await self._send_plain(outbound, left_out, error)

    async def _found(self, outbound: Outbound) -> str:
        """The id of an answer that an earlier try has sent; empty where none has, or nobody can say."""
        if self._sent is None:
            return ""
        try:
            message_id = own_message_id(outbound, self._sender)
            return message_id if await self._sent.has(message_id) else ""
        except ValueError:
            return ""  # rendering says what is wrong
        except MailboxRefused as error:
            # A folder that is not there must not hold up every answer; the same Message-ID makes a double harmless.
            logger.warning("cannot look for what was sent: %s", error)
            return ""
        except MailboxUnavailable as error:
            raise DeliveryDeferred(f"cannot look whether it was sent already: {error}") from error

    async def _keep(self, mail: RenderedMail, outbound: Outbound) -> None:
        """It is sent; without a copy it is sent all the same."""
        if self._sent is None or not self._saves:
            return
        try:
            await self._sent.keep(mail.message_id, mail.content, outbound.at)
        except (MailboxRefused, MailboxUnavailable) as error:
            logger.warning("no copy of %s is kept: %s", mail.message_id, error)

    async def _send_plain(self, outbound: Outbound, left_out: tuple[str, ...], first: Exception) -> Delivery:
        """The last form: one text part. Filters that refuse HTML or files have nothing left to refuse but words."""
        try:
            return await self._submit(outbound, {}, left_out, plain_only=True)
        except (MessageTooLarge, ContentRefused) as error:
            raise DeliveryRefused(f"the mail server refused the answer: {first}; as plain text: {error}") from error

    async def _submit(
        self, outbound: Outbound, files: Mapping[str, bytes], left_out: tuple[str, ...], plain_only: bool = False
    ) -> Delivery:
        mail = await asyncio.to_thread(self._render, outbound, files, left_out, plain_only)
        refused = await self._submission.submit(mail)
        await self._keep(mail, outbound)
        notes = tuple(f"{recipient} was not reached: {answer}" for recipient, answer in refused.items())
        if mail.left_out:
            notes += (f"Not copied in: {', '.join(mail.left_out)}"[:NOTE_MOST],)
        return Delivery(message_id=mail.message_id, notes=left_out + notes)

    def _render(
        self, outbound: Outbound, files: Mapping[str, bytes], left_out: tuple[str, ...], plain_only: bool
    ) -> RenderedMail:
        try:
            return render(outbound, self._sender, outbound.at, files, left_out, plain_only)
        except ValueError as error:
            raise DeliveryRefused(f"this answer cannot be a mail: {error}") from error

    async def _files(self, outbound: Outbound) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """Contents by digest, as many as fit, and what is left out, each with the reason."""
        files: dict[str, bytes] = {}
        left_out: list[str] = []
        room = self._limit
        for attachment in outbound.attachments:
            ref = attachment.content
            if ref.size > room:
                left_out.append(f"Not attached: {attachment.name}, since files may have {self._limit} bytes in total")
                continue
            try:
                files[ref.sha256] = await self._blobs.get(ref)
                room -= ref.size
            except BlobError:
                left_out.append(f"Not attached: {attachment.name}, since it cannot be read any more")
        return files, tuple(left_out)


def _named(outbound: Outbound, files: Mapping[str, bytes], reason: str) -> tuple[str, ...]:
    names = [attachment.name for attachment in outbound.attachments if attachment.content.sha256 in files]
    return tuple(f"Not attached: {name}, since {reason}" for name in names)
