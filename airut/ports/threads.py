"""Threads as schedules and pushes see them: opened, asked after, followed on the forge."""

from typing import Protocol

from airut.models.pull_requests.follow_up import FollowOrder
from airut.models.threads.message import InboundMessage


class Threads(Protocol):
    """Every method is safe to call twice.

    Every method raises DeliveryDeferred while Temporal does not answer.
    """

    async def deliver(self, message: InboundMessage) -> None:
        """Hand a message to its thread, starting it where it does not run.

        Raises:
            DeliveryRefused: Temporal will never take it.
        """
        ...

    async def is_busy(self, thread: str) -> bool:
        """Whether a thread has a task or messages left; False also for one that has ended or is unknown."""
        ...

    async def follow(self, order: FollowOrder) -> None:
        """Have a thread's pull request followed, from this push on."""
        ...

    async def firings(self, schedule: str) -> list[str]:
        """Workflow ids of a schedule's firings that run now, oldest first."""
        ...
