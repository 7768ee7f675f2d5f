"""Where a channel shows what becomes of a task while it is open. Nice to have: nothing of it may hold up a task."""

from typing import Protocol

from airut.models.tasks.progress import RunProgress, ShowOrder
from airut.models.tasks.shown import Shown
from airut.models.threads.message import ChannelKind


class Display(Protocol):
    """Safe to call twice: what is shown already is found, and left as it is."""

    @property
    def interval(self) -> float:
        """Seconds between two looks at a running agent."""
        ...

    async def show(self, order: ShowOrder) -> Shown:
        """Show a state, and what it means for the messages that were sent.

        Raises:
            DeliveryDeferred: not now; try again later.
        """
        ...

    async def update(self, order: ShowOrder, run: RunProgress) -> Shown:
        """Show how far the agent is, if it may be shown now and looks different. Raises nothing of the channel's."""
        ...

    def leave(self, order: ShowOrder) -> None:
        """The agent is not followed any more."""
        ...


class Displays(Protocol):
    def of(self, repo: str, kind: ChannelKind) -> Display | None:
        """None: the repository has no such channel, or it shows nothing."""
        ...
