"""ThreadWorkflow against a real Temporal server."""

import asyncio

from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.reply import ReplyKind
from airut.models.threads.notices import Acceptance, refusal
from airut.temporal.delivery import deliver
from tests.support.agent_results import BLOB, REQUEST, done
from tests.support.asking import agents_run, idle_after, status_of
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities, in_turn
from workflows.turns import BROUGHT


async def test_a_message_becomes_a_task_and_a_reply(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("add a file", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert activities.asked == [
        "claim_host",
        "prepare_workspace",
        "build_image",
        "run_agent",
        "publish",
        "reply",
        "clean_up",
    ]
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert (status.host, status.branch, status.pull_request) == (activities.host, "airut/add", REQUEST)
    assert status.usage.cost_usd == 0.25
    assert activities.cleaned[0].delivered


async def test_the_same_message_twice_runs_once(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    message = mail("once", thread)
    await asyncio.gather(*(deliver(temporal.client, message) for _ in range(5)))
    await idle_after(temporal.client, thread, 1)
    await deliver(temporal.client, message)
    await asyncio.sleep(0.3)
    status = await status_of(temporal.client, thread)
    assert (status.tasks, len(activities.replies)) == (1, 1)


async def test_what_arrives_while_a_task_runs_is_one_following_task_in_order(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    for text in ("second", "third"):
        await deliver(temporal.client, mail(text, thread))
    waiting = (await status_of(temporal.client, thread)).queue
    activities.gate.set()
    status = await idle_after(temporal.client, thread, 2)
    assert [message.first_line for message in waiting] == ["second", "third"]
    texts = [[message.text.inline for message in order.task.messages] for order in activities.agent_inputs]
    assert texts == [["first"], ["second", "third"]]
    assert status.tasks == 2
    assert len({order.task.session_id for order in activities.agent_inputs}) == 1
    assert activities.asked.count("claim_host") == 1


async def test_nothing_is_lost_over_many_continuations(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    texts = [f"message {number}" for number in range(400)]
    for start in range(0, len(texts), 20):
        batch = texts[start : start + 20]
        await asyncio.gather(*(deliver(temporal.client, mail(text, thread)) for text in batch))
        await asyncio.gather(*(deliver(temporal.client, mail(text, thread)) for text in batch[:5]))  # redelivered
        while len((await status_of(temporal.client, thread)).queue) > 150:  # a full queue is another test
            await asyncio.sleep(0.1)
    seen: list[str] = []
    async with asyncio.timeout(60):
        while len(seen) < len(texts):
            await asyncio.sleep(0.2)
            seen = [str(m.text.inline) for order in activities.agent_inputs for m in order.task.messages]
    await idle_after(temporal.client, thread, 1)
    runs = [w async for w in temporal.client.list_workflows(f"WorkflowId = '{thread}'")]
    assert sorted(seen) == sorted(texts)
    assert len(runs) > 1, "the run never continued as new"


async def test_a_full_queue_is_told_once_and_the_message_counts_when_written_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    activities.sending.clear()  # it is told once until that is done
    large = "x" * 8_000
    waiting = [mail(f"{number} {large}", thread) for number in range(140)]
    for start in range(0, len(waiting), 20):
        await asyncio.gather(*(deliver(temporal.client, message) for message in waiting[start : start + 20]))
    queued = {message.author for message in (await status_of(temporal.client, thread)).queue}
    held = len((await status_of(temporal.client, thread)).queue)
    assert queued == {"ann@example.com"}
    assert 100 < held < 140  # a MiB of them
    activities.sending.set()
    activities.gate.set()
    await idle_after(temporal.client, thread, 7)
    notes = [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]
    assert [note.detail for note in notes] == [refusal(Acceptance.QUEUE_FULL)]
    refused = next(message for message in reversed(waiting) if message.key not in seen_keys(activities))
    await deliver(temporal.client, refused)  # as its channel may
    again = mail(f"again {refused.text.inline}", thread)
    await deliver(temporal.client, again)
    async with asyncio.timeout(60):
        while again.key not in seen_keys(activities):
            await asyncio.sleep(0.05)
    assert refused.key not in seen_keys(activities)


def seen_keys(activities: ScriptedActivities) -> set[str]:
    return {message.key for order in activities.agent_inputs for message in order.task.messages}


async def test_a_stranger_in_the_thread_is_told_once_and_starts_nothing(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    for text in ("let me in", "please"):
        await deliver(temporal.client, mail(text, thread, author="carl@example.com"))
    async with asyncio.timeout(60):
        while not [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    notes = [reply for reply in activities.replies if reply.kind is ReplyKind.NOTE]
    assert [(note.detail, note.task.messages[0].author) for note in notes] == [
        (refusal(Acceptance.NOT_PARTICIPANT), "carl@example.com")
    ]
    assert (await status_of(temporal.client, thread)).tasks == 1
    open_mail = mail("may I", thread, author="carl@example.com").model_copy(update={"open_to_authorized": True})
    await deliver(temporal.client, open_mail)
    assert (await idle_after(temporal.client, thread, 2)).tasks == 2


async def test_what_an_agent_left_uncommitted_is_known_to_the_next_task_and_told_where_the_workspace_lacks_it(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    in_turn(activities, done("One.").model_copy(update={"changes": BLOB, "uncommitted": 1}), done("Two."))
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    activities.brought = ("uncommitted.bundle",)
    await deliver(temporal.client, mail("second", thread))
    await idle_after(temporal.client, thread, 2)
    await deliver(temporal.client, mail("third", thread))
    await idle_after(temporal.client, thread, 3)
    assert [order.uncommitted for order in activities.workspace_inputs] == [None, BLOB, None]
    assert [order.resume_note for order in activities.agent_inputs][:2] == [None, BROUGHT["uncommitted.bundle"]]
