"""The end of a conversation, and its going on: over real Podman, the real agent and `airut up`."""

import asyncio
import platform

from temporalio.client import ScheduleActionExecutionStartWorkflow, WorkflowExecutionStatus

from airut import contracts
from airut.demo.script import bash, say
from airut.temporal.upkeep import sweep_id
from tests.e2e.conversation import LIMIT, Conversation, airut


async def test_an_ended_thread_comes_back_from_its_archive(conversation: Conversation) -> None:
    await conversation.plays(
        bash("echo remembered > /storage/notes; echo draft > /workspace/draft"), say("Noted: plover.")
    )
    code, printed = await airut(conversation, "send", "--repo", "web", "--wait", "Note the word plover.")
    assert code == 0, printed
    thread = printed.splitlines()[0]
    await conversation.idle(thread)
    handle = (await conversation.stage.client()).get_workflow_handle(thread)
    await handle.signal(contracts.MAKE_ROOM)  # ends an idle thread as a month of silence would
    await asyncio.wait_for(handle.result(), LIMIT)
    folders = conversation.stage.folders
    assert not folders.of(thread).root.exists()
    assert folders.all_set_aside() == ()

    take = "git fetch -q /inbox/uncommitted.bundle refs/airut/uncommitted && git checkout FETCH_HEAD -- ."
    await conversation.plays(bash(f"cd /workspace; {take}; cat /storage/notes draft > seen"), say("It was plover."))
    code, printed = await airut(conversation, "send", "--repo", "web", "--thread", thread, "--wait", "Which word?")
    assert (code, "It was plover." in printed) == (0, True), printed
    status = await conversation.idle(thread)
    assert (status.tasks, len(status.queue)) == (2, 0)
    assert (folders.of(thread).workspace / "seen").read_text() == "remembered\ndraft\n"
    last = (await conversation.prompts())[-1]
    assert "Note the word plover." in last  # the same session goes on
    assert "Which word?" in last
    assert "/inbox/uncommitted.bundle" in last


async def test_the_host_is_swept_from_its_start_on(conversation: Conversation) -> None:
    client = await conversation.stage.client()
    handle = client.get_schedule_handle(sweep_id(platform.node()))
    async with asyncio.timeout(90):
        while not (recent := (await handle.describe()).info.recent_actions):
            await asyncio.sleep(0.5)
        started = recent[0].action
        assert isinstance(started, ScheduleActionExecutionStartWorkflow)
        swept = client.get_workflow_handle(started.workflow_id)
        await swept.result()
    assert (await swept.describe()).status is WorkflowExecutionStatus.COMPLETED
