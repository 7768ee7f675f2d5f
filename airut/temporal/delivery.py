"""From an accepted message to its thread: the one call after which a message counts as accepted."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes

from airut import contracts
from airut.models.message import InboundMessage
from airut.models.thread import ThreadInput

LIMIT = timedelta(seconds=10)
"""For one try; the caller tries again, and the message's key makes a second delivery harmless."""


async def deliver(client: Client, message: InboundMessage) -> None:
    """Signal the message's thread, starting it where it does not run. When this returns, Temporal has it for good.

    No worker has to be up: the server alone accepts signals.

    Raises:
        RPCError: Temporal is away or refused; nothing is known to have been accepted, call again.
    """
    await client.start_workflow(
        contracts.THREAD_WORKFLOW,
        ThreadInput(thread=message.thread, repo=message.repo, channel=message.channel),
        id=message.thread,
        task_queue=contracts.CONTROL_QUEUE,
        start_signal=contracts.RECEIVE,
        start_signal_args=[message],
        static_summary=f"{message.repo}: {message.subject}"[:200],
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(contracts.REPO, message.repo),
                SearchAttributePair(contracts.CHANNEL, str(message.channel)),
                SearchAttributePair(contracts.AUTHOR, message.author),
            ]
        ),
        priority=Priority(fairness_key=message.repo),
        rpc_timeout=LIMIT,
    )
