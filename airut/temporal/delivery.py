"""From what a channel has accepted to its thread: the one call after which it counts as accepted."""

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import Priority, SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from airut import contracts
from airut.models.mail.bounce import Bounce
from airut.models.threads.amendment import Amendment
from airut.models.threads.command import Submission, ThreadCommand
from airut.models.threads.message import InboundMessage
from airut.models.threads.thread import ThreadInput

LIMIT = timedelta(seconds=10)
"""For one try; the caller tries again, and the message's key makes a second delivery harmless."""


def counted(accepted: Submission, numbers_above: int) -> Submission:
    """The same, for an installation that was restored (`airut.config.restored`)."""
    if not numbers_above:
        return accepted
    if isinstance(accepted, ThreadCommand):
        return accepted.model_copy(update={"message": _counted(accepted.message, numbers_above)})
    return _counted(accepted, numbers_above)


def _counted(message: InboundMessage, numbers_above: int) -> InboundMessage:
    return message.model_copy(update={"numbers_above": numbers_above})


async def hand_over(client: Client, accepted: Submission) -> None:
    """`deliver` a message or `command` a thread, whichever it is."""
    if isinstance(accepted, ThreadCommand):
        await command(client, accepted)
    else:
        await deliver(client, accepted)


async def hand_over_if_open(client: Client, accepted: Submission) -> bool:
    """The same for a thread that must be open already. False: it is not, and nothing was started.

    Raises:
        RPCError: as for `deliver`.
    """
    if isinstance(accepted, ThreadCommand):
        return await _signal_if_open(client, accepted.message.thread, contracts.CONTROL, accepted)
    return await _signal_if_open(client, accepted.thread, contracts.RECEIVE, accepted)


async def amend_if_open(client: Client, amendment: Amendment) -> bool:
    """Tell a thread that a message was changed. False: it is not open, and nothing was started.

    Raises:
        RPCError: as for `deliver`.
    """
    return await _signal_if_open(client, amendment.thread, contracts.AMEND, amendment)


async def report_if_open(client: Client, bounce: Bounce) -> bool:
    """Tell a thread that an answer of its has not arrived. False: it is not open, and nothing was started.

    Raises:
        RPCError: as for `deliver`.
    """
    return await _signal_if_open(client, bounce.thread, contracts.BOUNCED, bounce)


async def tell_overheard(client: Client, thread: str, at: float) -> bool:
    """Tell a thread that people talk in it. False: it is not open.

    Raises:
        RPCError: as for `deliver`.
    """
    return await _signal_if_open(client, thread, contracts.OVERHEARD, at)


async def _signal_if_open(
    client: Client, thread: str, signal: str, argument: Submission | Amendment | Bounce | float
) -> bool:
    try:
        await client.get_workflow_handle(thread).signal(signal, argument, rpc_timeout=LIMIT)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return False
        raise
    return True


async def deliver(client: Client, message: InboundMessage) -> None:
    """Signal the message's thread, starting it where it does not run. When this returns, Temporal has it for good.

    No worker has to be up: the server alone accepts signals.

    Raises:
        RPCError: Temporal is away or refused; nothing is known to have been accepted, call again.
    """
    await _signal_with_start(client, message, contracts.RECEIVE, message)


async def command(client: Client, order: ThreadCommand) -> None:
    """Give a thread a command, as `deliver` does a message. A thread that does not run is started for it: it says
    that there is nothing to do, and ends.

    Raises:
        RPCError: as for `deliver`.
    """
    await _signal_with_start(client, order.message, contracts.CONTROL, order)


async def _signal_with_start(client: Client, message: InboundMessage, signal: str, argument: Submission) -> None:
    await client.start_workflow(
        contracts.THREAD_WORKFLOW,
        ThreadInput(thread=message.thread, repo=message.repo, channel=message.channel),
        id=message.thread,
        task_queue=contracts.CONTROL_QUEUE,
        start_signal=signal,
        start_signal_args=[argument],
        static_summary=f"{message.repo}: {message.subject}"[:200],
        memo={contracts.SUBJECT: message.subject[:200]},
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
