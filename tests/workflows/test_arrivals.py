"""What a thread has of a Slack message before its task begins: its files, and what was said before it."""

import asyncio
from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut import contracts
from airut.models.blob import Text
from airut.models.tasks.steps import FetchResult
from airut.models.threads.amendment import Amendment
from airut.models.threads.command import CommandName
from airut.models.threads.earlier import EarlierInput, EarlierResult, unreadable
from airut.models.threads.message import Attachment, ChannelKind, InboundMessage, RemoteFile, SlackRoute
from airut.models.threads.notices import NOTHING_SAID
from airut.temporal.delivery import amend_if_open, deliver, tell_overheard
from tests.support.agent_results import BLOB
from tests.support.asking import command, idle_after, until
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

FILE = RemoteFile(id="F1", name="a.csv", media_type="text/csv", size=3, url="https://files.slack.com/a.csv")
OLDER = FILE.model_copy(update={"id": "F0", "name": "old.csv"})
FETCHED = Attachment(name="a.csv", media_type="text/csv", content=BLOB)


def slack(text: str, thread: str, ts: float, thread_ts: float | None = None) -> InboundMessage:
    """A post of a channel; in a thread where `thread_ts` is given."""
    route = SlackRoute(team="T1", channel="C1", thread_ts=f"{thread_ts or ts:.6f}", ts=f"{ts:.6f}", user="U1")
    return mail(text or f"nothing at {ts}", thread, "ann (U1)").model_copy(
        update={
            "channel": ChannelKind.SLACK,
            "text": Text(inline=text),
            "subject": text,
            "participants": (),
            "open_to_authorized": True,
            "sent_at": datetime.fromtimestamp(ts, UTC),
            "route": route,
            "follows": thread_ts is not None,
        }
    )


async def ended(client: Client, thread: str) -> None:
    async with asyncio.timeout(60):
        await client.get_workflow_handle(thread).result()


def asked(order: EarlierInput) -> tuple[float, float, bool]:
    """From when, up to when, and whether everything."""
    return order.since, float(order.route.ts), order.everything


async def test_a_mention_in_a_foreign_thread_brings_what_was_said_and_later_ones_what_people_said_since(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.earlier = lambda order: EarlierResult(context=Text(inline=f"said before {order.route.ts}"))
    for number, ts in enumerate((20.0, 30.0, 40.0, 50.0), start=1):
        if ts == 40.0:
            await tell_overheard(temporal.client, thread, 35.0)
            await tell_overheard(temporal.client, thread, 33.0)
        await deliver(temporal.client, slack(f"do {number}", thread, ts, thread_ts=10.0))
        await idle_after(temporal.client, thread, number)
    assert [asked(order) for order in activities.read] == [(0.0, 20.0, True), (30.0, 40.0, False)]
    contexts = [order.task.messages[0].context for order in activities.agent_inputs]
    assert contexts == [
        Text(inline="said before 20.000000"),
        None,
        Text(inline="said before 40.000000"),
        None,
    ]


async def test_a_post_that_begins_a_thread_has_nothing_before_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, slack("do it", thread, 10.0))
    await idle_after(temporal.client, thread, 1)
    await deliver(temporal.client, slack("more", thread, 20.0, thread_ts=10.0))
    await idle_after(temporal.client, thread, 2)
    assert activities.read == []


async def test_a_thread_that_begins_again_is_told_everything_since_it_ended(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, slack("do it", thread, 10.0))
    await idle_after(temporal.client, thread, 1)
    await temporal.client.get_workflow_handle(thread).signal(contracts.CONTROL, command(thread, CommandName.CLOSE))
    await ended(temporal.client, thread)
    assert await tell_overheard(temporal.client, thread, 15.0) is False
    await deliver(temporal.client, slack("more", thread, 20.0, thread_ts=10.0))
    await idle_after(temporal.client, thread, 1)
    assert [asked(order) for order in activities.read] == [(10.0, 20.0, True)]


async def test_the_files_of_earlier_messages_come_first(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.earlier = lambda order: EarlierResult(context=Text(inline="see old.csv"), files=(OLDER,))
    activities.fetch = lambda order: FetchResult(attachments=(FETCHED,), notes=("the file old.csv was left out",))
    message = slack("do it", thread, 20.0, thread_ts=10.0).model_copy(update={"files": (FILE,)})
    await deliver(temporal.client, message)
    await idle_after(temporal.client, thread, 1)
    assert activities.asked[:3] == ["read_earlier", "fetch_files", "claim_host"]
    assert [order.files for order in activities.fetched] == [(OLDER, FILE)]
    assert activities.agent_inputs[0].task.messages[0].attachments == (FETCHED,)
    assert activities.replies[0].notes == ("the file old.csv was left out",)


async def test_what_cannot_be_read_or_fetched_is_told_and_stops_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def refuse(order: object) -> EarlierResult:
        raise ApplicationError("missing_scope", type="workspace_failed", non_retryable=True)

    def refuse_files(order: object) -> FetchResult:
        raise ApplicationError("no disk", type="workspace_failed", non_retryable=True)

    activities.earlier, activities.fetch = refuse, refuse_files
    message = slack("do it", thread, 20.0, thread_ts=10.0).model_copy(update={"files": (FILE,)})
    await deliver(temporal.client, message)
    await idle_after(temporal.client, thread, 1)
    assert activities.agent_inputs[0].task.messages[0].context == Text(inline=unreadable("missing_scope"))
    assert activities.replies[0].notes == ("the files of a message could not be had: no disk",)


async def test_our_bare_name_is_a_prompt_where_something_was_said_and_a_question_where_nothing_was(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    canvas = slack("", thread, 10.0).model_copy(update={"notes": ("the file plan was left out",)})
    await deliver(temporal.client, canvas)
    await ended(temporal.client, thread)
    await deliver(temporal.client, slack("", thread, 20.0, thread_ts=5.0))
    await ended(temporal.client, thread)
    assert [(reply.detail, reply.private) for reply in activities.replies] == [
        (f"{NOTHING_SAID}\n\nthe file plan was left out", False),
        (NOTHING_SAID, False),
    ]
    assert activities.agent_inputs == []
    activities.earlier = lambda order: EarlierResult(context=Text(inline="[bo] the build is broken"))
    await deliver(temporal.client, slack("", thread, 30.0, thread_ts=5.0))
    await idle_after(temporal.client, thread, 1)
    assert [order.task.messages[0].context for order in activities.agent_inputs] == [
        Text(inline="[bo] the build is broken")
    ]


async def test_a_message_can_be_taken_back_or_changed_while_its_files_are_fetched(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    """Its files do not come before it is, since the service does not hand them out."""
    handed_out = asyncio.Event()

    def fetch(order: object) -> FetchResult:
        if not handed_out.is_set():
            raise ApplicationError("not now", type="workspace_failed")
        return FetchResult(attachments=(FETCHED,))

    activities.fetch = fetch
    await deliver(temporal.client, slack("first", thread, 10.0))
    await idle_after(temporal.client, thread, 1)
    second = slack("second", thread, 20.0, thread_ts=10.0).model_copy(update={"files": (FILE,)})
    third = slack("third", thread, 30.0, thread_ts=10.0)
    for message in (second, third):
        await deliver(temporal.client, message)
    await until(temporal.client, thread, lambda status: len(status.queue) == 2)
    back = Amendment(key="k", target=second.key, thread=thread, at=40.0, becomes=None)
    again = third.model_copy(update={"text": Text(inline="third, again"), "follows": False})
    change = Amendment(key="l", target=third.key, thread=thread, at=41.0, becomes=again)
    assert [await amend_if_open(temporal.client, each) for each in (change, back)] == [True, True]
    handed_out.set()
    await idle_after(temporal.client, thread, 2)
    texts = [[message.text.inline for message in order.task.messages] for order in activities.agent_inputs]
    assert texts == [["first"], ["third, again"]]
