"""What stands before a message in its channel, which an agent has to know to understand it."""

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.models.credentials.redaction import Redactor
from airut.models.tasks.outcome import TaskOutcome
from airut.models.threads.earlier import EarlierInput, EarlierResult, compose_earlier
from airut.ports.blobs import BlobStore
from airut.ports.conversations import Conversations
from airut.ports.texts import store


class EarlierReading:
    """What `redactor` knows is taken out: nobody's agent may have it."""

    def __init__(self, conversations: Conversations, blobs: BlobStore, redactor: Redactor | None = None) -> None:
        self._conversations = conversations
        self._blobs = blobs
        self._redactor = redactor or Redactor()

    @activity.defn
    async def read_earlier(self, order: EarlierInput) -> EarlierResult:
        with reported(TaskOutcome.WORKSPACE_FAILED):
            async with beating():
                earlier = await self._conversations.earlier(order)
            text = self._redactor.text(compose_earlier(earlier))
            return EarlierResult(
                context=await store(self._blobs, text) if text else None,
                files=tuple(file for post in earlier.posts for file in post.files),
            )
