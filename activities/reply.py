"""Answers: the one way back to the person who asked."""

from datetime import UTC, datetime

from temporalio import activity

from activities.failures import reported
from activities.questions import asked
from airut.errors import ConfigError, DeliveryDeferred, DeliveryRefused
from airut.models.credentials.redaction import Redactor
from airut.models.mail.notes import MailNotes
from airut.models.questions.asked import Asked
from airut.models.tasks.answer import (
    compose_acknowledgement,
    compose_answer,
    compose_footer,
    compose_question,
    compose_unsent,
)
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.page import task_page
from airut.models.tasks.reply import Delivery, Outbound, ReplyKind
from airut.models.tasks.steps import ReplyInput
from airut.models.tasks.task import ReplyRecord
from airut.models.threads.message import ChannelKind
from airut.ports.blobs import BlobStore
from airut.ports.channel import Channel
from airut.ports.channels import Channels
from airut.ports.texts import fetch


class Replies:
    """Composes an answer and hands it to the thread's channel; what was sent is kept in the blob store."""

    def __init__(
        self, channels: Channels, blobs: BlobStore, redactor: Redactor | None = None, dashboard: str | None = None
    ) -> None:
        """What `redactor` knows is in no answer. `dashboard` is where people reach that."""
        self._redactor = redactor or Redactor()
        self._channels = channels
        self._blobs = blobs
        self._dashboard = dashboard

    @activity.defn
    async def acknowledge(self, order: ReplyInput) -> MailNotes | None:
        with reported(TaskOutcome.REPLY_FAILED):
            task = order.task
            notes = self._channels.notes(task.repo, task.channel)
            by_a_person = any(not message.opens for message in task.messages)  # a schedule needs no word
            if notes is not None and by_a_person and notes.acknowledges(first=task.number == 1):
                terms = self._channels.terms(task.repo, task.hints)
                await self.send(order, compose_acknowledgement(task, terms), ())
            return notes

    @activity.defn
    async def reply(self, order: ReplyInput) -> ReplyRecord:
        with reported(TaskOutcome.REPLY_FAILED):
            if order.kind is not ReplyKind.ANSWER and order.question is None:
                return await self.send(order, order.detail, ())
            text = await fetch(self._blobs, order.text) if order.text else ""
            if order.question is not None:
                question = asked(order, order.question, text, self._redactor)
                return await self.send(order, compose_question(order.question, text), (), question)
            answer = await self._unsent(order) + compose_answer(order, text)
            return await self.send(order, answer, compose_footer(order))

    async def _unsent(self, order: ReplyInput) -> str:
        """What the answer before had said, where it could not be sent and this one does not say the same."""
        before = order.task.unsent
        if before is None or before.text == order.text:
            return ""
        return compose_unsent(before.reason, await fetch(self._blobs, before.text))

    async def send(
        self, order: ReplyInput, markdown: str, footer: tuple[str, ...], question: Asked | None = None
    ) -> ReplyRecord:
        """
        Raises:
            DeliveryDeferred, DeliveryRefused
        """
        task = order.task
        if order.kind is not ReplyKind.NOTE and (page := task_page(self._dashboard, task.thread, task.number)):
            footer = (*footer, page)
        markdown, footer = self._redactor.text(markdown), tuple(map(self._redactor.text, footer))
        outbound = Outbound(
            key=f"{task.id}/{order.kind}/{order.seq}",
            repo=task.repo,
            thread=task.thread,
            task=task.number,
            seq=order.seq,
            kind=order.kind,
            at=order.at,
            markdown=markdown,
            footer=footer,
            failed=order.outcome is not None and not order.outcome.succeeded,
            private=order.private,
            again=activity.info().attempt > 1,
            attachments=order.attachments,
            asked=question,
            routes=tuple(message.route for message in task.messages),
            participants=task.participants,
        )
        kept = await self._blobs.put("\n".join((markdown, *footer)).encode())
        delivery = await self._delivered(outbound, task.channel)
        return ReplyRecord(
            kind=order.kind,
            message_id=delivery.message_id,
            markdown=kept,
            delivered_at=datetime.now(UTC),
            notes=delivery.notes,
            attachments=order.attachments,
        )

    async def _delivered(self, outbound: Outbound, kind: ChannelKind) -> Delivery:
        """
        Raises:
            DeliveryDeferred, DeliveryRefused: as the channel does; refused too when it was deferred for too long.
        """
        try:
            return await self._channel(outbound.repo, kind).send(outbound)
        except DeliveryDeferred as error:
            patience = self._channels.gives_up_after(outbound.repo, kind)
            if datetime.now(UTC) - outbound.at < patience:
                raise
            hours = patience.total_seconds() / 3600
            raise DeliveryRefused(f"it could not be delivered in {hours:g} hours: {error}") from error

    def _channel(self, repo: str, kind: ChannelKind) -> Channel:
        channel = self._channels.of(repo, kind)
        if channel is None:
            raise ConfigError(f"{repo} has no {kind} channel any more; add it to airut.yaml and retry the task")
        return channel
