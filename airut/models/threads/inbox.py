"""What a thread was sent: the keys of all of it, who has a part in it, and what waits for a task. Pure."""

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from airut.models.base import Model
from airut.models.threads.message import ChannelKind, InboundMessage

SEEN_AGE = timedelta(days=30)
SEEN_MOST = 5_000
"""A key is remembered this long, or among this many newest: far beyond any channel's redelivery."""

QUEUE_MOST = 200
QUEUE_BYTES = 1024**2
"""The queue goes through continue-as-new as one payload, of which Temporal takes two MiB."""

TASK_MESSAGES = 20
TASK_CHARACTERS = 200_000
"""A task takes at most this much of the queue; the rest waits for the following one (spec: lifecycle §4)."""


class SeenKey(Model):
    """A message that was accepted, and when."""

    key: str
    at: datetime


class Inbox(BaseModel):
    """`queue` holds what waits, oldest first, and `queued_bytes` how much that takes in a payload."""

    model_config = ConfigDict(extra="forbid")

    queue: list[InboundMessage] = Field(default_factory=list)
    queued_bytes: int = 0
    seen: list[SeenKey] = Field(default_factory=list)
    participants: tuple[str, ...] = ()

    def knows(self, key: str) -> bool:
        return any(seen.key == key for seen in self.seen)

    def remember(self, key: str, now: datetime) -> None:
        self.seen = [seen for seen in self.seen if now - seen.at < SEEN_AGE][-(SEEN_MOST - 1) :]
        self.seen.append(SeenKey(key=key, at=now))

    def admits(self, message: InboundMessage) -> bool:
        """Whether the author has a part in this thread, or needs none."""
        return not self.participants or message.author in self.participants or message.open_to_authorized

    def has_room_for(self, message: InboundMessage) -> bool:
        return len(self.queue) < QUEUE_MOST and self.queued_bytes + _size(message) <= QUEUE_BYTES

    def add(self, message: InboundMessage) -> None:
        """Queue a message. Whoever it was addressed to has a part in the thread from now on."""
        self._insert(message)
        self.queued_bytes += _size(message)
        self.participants = tuple(dict.fromkeys((*self.participants, *message.participants)))

    def take_back(self, key: str) -> InboundMessage:
        """A message that was queued just now, as it stands, for whatever else it is."""
        message = next(message for message in self.queue if message.key == key)
        self.withdraw(key)
        return message

    def waiting(self, key: str) -> InboundMessage | None:
        """A message that waits."""
        return next((message for message in self.queue if message.key == key), None)

    def replace(self, key: str, message: InboundMessage) -> None:
        """One that waits by another; it keeps its place."""
        self._put(key, [message])

    def withdraw(self, key: str) -> None:
        """Take one that waits out of the queue; its key is known as before."""
        self._put(key, [])

    def _put(self, key: str, messages: list[InboundMessage]) -> None:
        queue = [messages if waiting.key == key else [waiting] for waiting in self.queue]
        self.queue = [message for part in queue for message in part]
        self.queued_bytes = sum(map(_size, self.queue))

    def put_back(self, messages: tuple[InboundMessage, ...]) -> None:
        """Messages that were taken out and not used; their keys are known already. All wait in the order in which they
        were accepted; what is too old to be known is the oldest."""
        accepted = {seen.key: number for number, seen in enumerate(self.seen)}
        all_of_them = sorted([*messages, *self.queue], key=lambda message: accepted.get(message.key, -1))
        self.queue = []
        for message in all_of_them:
            self._insert(message)
        self.queued_bytes += sum(map(_size, messages))

    def _insert(self, message: InboundMessage) -> None:
        """Behind all that waits, but what comes too early by its channel's clock: Slack promises no order of events."""
        place = len(self.queue)
        while place and _overtakes(self.queue[place - 1], message):
            place -= 1
        self.queue.insert(place, message)

    @property
    def ready(self) -> bool:
        """Whether the first message can begin a task: no other may overtake it."""
        return bool(self.queue) and not self.queue[0].lacks

    def take_for_task(self) -> tuple[InboundMessage, ...]:
        """What one task may hold, from the front, as far as all of it is there."""
        taken: list[InboundMessage] = []
        characters = 0
        while self.ready and len(taken) < TASK_MESSAGES:
            text = self.queue[0].text
            characters += len(text.inline) if text.inline is not None else text.blob.size if text.blob else 0
            if taken and characters > TASK_CHARACTERS:
                break
            taken.append(self.queue.pop(0))
            self.queued_bytes -= _size(taken[-1])
        return tuple(taken)

    def empty(self) -> tuple[InboundMessage, ...]:
        """All that waits; nothing does any more."""
        waiting = tuple(self.queue)
        self.queue.clear()
        self.queued_bytes = 0
        return waiting


def _overtakes(earlier: InboundMessage, later: InboundMessage) -> bool:
    """Whether what came first was written last, by people in Slack, whose clock dates both."""
    slack = all(each.channel is ChannelKind.SLACK and not each.opens for each in (earlier, later))
    return slack and earlier.sent_at > later.sent_at


def _size(message: InboundMessage) -> int:
    """Bytes that the message takes in a payload."""
    return len(message.model_dump_json().encode())
