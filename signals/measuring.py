"""What a hand-over says about itself: the first two spans of a message's trace, and its numbers."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from airut.models.telemetry import metrics
from airut.models.telemetry.spans import INTAKE, SIGNAL, Attribute, Span, context_of, signal_of
from airut.models.threads.command import Submission, ThreadCommand
from airut.models.threads.message import InboundMessage
from airut.ports.telemetry import ACTIVE, Active, Telemetry

REMEMBERED = 10_000
"""Keys of what was handed over, by which a second delivery is known for what it is: its thread knows it in any case."""

HandOver = Callable[[Submission], Awaitable[bool | None]]
"""False: nothing was handed over, since its thread is not open; there is nothing to tell then."""


class MeasuredHandOver:
    """A hand-over, measured."""

    def __init__(self, hand_over: HandOver, telemetry: Telemetry) -> None:
        self._hand_over = hand_over
        self._telemetry = telemetry
        self._known: dict[str, None] = {}

    async def __call__(self, submission: Submission) -> bool:
        """Whether it was handed over. Raises: what the other one does"""
        message = submission.message if isinstance(submission, ThreadCommand) else submission
        began, error = datetime.now(UTC), ""
        token = ACTIVE.set(Active(repo=message.repo, thread=message.thread, span=signal_of(message.key)))
        taken: bool | None = True
        try:
            taken = await self._hand_over(submission)
        except BaseException as failure:
            error = type(failure).__name__
            raise
        finally:
            ACTIVE.reset(token)
            if taken is not False:
                self._tell(message, began, error)
        return taken is not False

    def _tell(self, message: InboundMessage, began: datetime, error: str) -> None:
        ended = datetime.now(UTC)
        for span in spans(message, began, ended, error):
            self._telemetry.span(span)
        if error:
            return
        names = {"repo": message.repo, "channel": str(message.channel)}
        again = message.key in self._known
        self._telemetry.record(metrics.MESSAGES, 1, **names, result="duplicate" if again else "accepted")
        self._known[message.key] = None
        if len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        if not again:
            lag = max((ended - message.sent_at).total_seconds(), 0.0)
            self._telemetry.record(metrics.CHANNEL_LAG, lag, **names)


def spans(message: InboundMessage, began: datetime, ended: datetime, error: str = "") -> tuple[Span, Span]:
    """`intake.receive`, which begins a trace, and `signal`, under which the task comes."""
    receive = context_of(INTAKE, message.key, message.key)
    about: dict[str, Attribute] = {
        "airut.repo": message.repo,
        "airut.thread": message.thread,
        "airut.channel": str(message.channel),
    }
    received = min(message.received_at.astimezone(UTC), began)
    return (
        Span(name=INTAKE, context=receive, started=received, ended=ended, attributes=about, error=error),
        Span(
            name=SIGNAL, context=signal_of(message.key), parent=receive, started=began, ended=ended, attributes=about,
            error=error, client=True,
        ),
    )  # fmt: skip
