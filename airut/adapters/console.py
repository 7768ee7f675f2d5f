"""The console channel's way back: answers stay in the thread, where `airut thread show` prints them."""

from airut.models.tasks.reply import Delivery, Outbound


class ConsoleChannel:
    """Nothing is sent: the reply activity has stored text and files, and the thread's status refers to them."""

    async def send(self, outbound: Outbound) -> Delivery:
        return Delivery(message_id=outbound.key)
