"""The output half of a channel: an answer goes back to where the message came from."""

from typing import Protocol

from airut.models.tasks.reply import Delivery, Outbound


class Channel(Protocol):
    async def send(self, outbound: Outbound) -> Delivery:
        """Deliver one answer, exactly once as far as the channel allows.

        `outbound.key` identifies the answer: a second call with the same key sends the same bytes under the same
        message id (by which mail servers and clients drop doubles) or finds that it was sent.

        Raises:
            DeliveryDeferred: not now; try again later.
            DeliveryRefused: the channel will never accept it; says why.
        """
        ...
