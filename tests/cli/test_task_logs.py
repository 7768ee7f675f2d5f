"""The output of a task's sandboxes, read from their folders while they run and afterwards."""

import asyncio
import json
import platform
from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from activities.network_log import packed
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.hosts.folders import ThreadFolders
from airut.temporal.delivery import deliver
from tests.cli.conftest import Airut
from tests.support.agent_results import done
from tests.support.asking import agents_run, idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


def says(text: str) -> str:
    return json.dumps({"type": "assistant", "message": {"content": [{"type": "text", "text": text}]}})


def sandbox(config_file: Path, thread: str, attempt: int) -> Path:
    folder = ThreadFolders(state=config_file.parent / "state").of(thread).task(1, attempt)
    (folder / "out").mkdir(parents=True)
    (folder / "log").mkdir()
    return folder


async def test_all_sandboxes_in_order_and_their_network(
    airut: Airut, config_file: Path, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    for attempt in (1, 2, 10):
        folder = sandbox(config_file, thread, attempt)
        (folder / "out" / "events.jsonl").write_text(f"{says(f'words of {attempt}')}\n{says('and no line end')}")
        for name, host in (("network.jsonl.1", "old"), ("network.jsonl", "new")):
            entry = {
                "time": "2026-03-29T12:00:00.000Z",
                "kind": "dns",
                "name": f"{host}{attempt}",
                "decision": "allowed",
            }
            (folder / "log" / name).write_text(json.dumps(entry) + "\n")
    shown = (await airut("task", "logs", thread)).out
    found = [line for line in shown.splitlines() if "words" in line or "sandbox" in line]
    assert [line.strip("─ ") for line in found] == [
        "sandbox 1",
        "words of 1",
        "sandbox 2",
        "words of 2",
        "sandbox 10",
        "words of 10",
    ]
    assert shown.count("and no line end") == 3
    network = (await airut("task", "logs", f"{thread}/task-1", "--network")).out
    assert [line.split()[-1] for line in network.splitlines() if "dns" in line] == [
        f"{age}{attempt}" for attempt in (1, 2, 10) for age in ("old", "new")
    ]
    (first, *_) = (await airut("task", "logs", thread, "--json")).out.splitlines()
    assert json.loads(first) == {"version": 1, "sandbox": 1, "line": says("words of 1")}


async def test_the_access_log_that_was_kept(
    airut: Airut, config_file: Path, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    entry = {"time": "2026-03-29T12:00:00.000Z", "kind": "dns", "name": "kept.example", "decision": "allowed"}
    blobs = LocalBlobStore(config_file.parent / "state" / "blobs")
    kept = await blobs.put(packed(json.dumps(entry).encode() + b"\n"))
    activities.agent = lambda order: done("Done.").model_copy(update={"access_log": kept})
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    printed = await airut("task", "logs", thread, "--network")
    assert printed.code == 0
    assert [line.strip("─ ") for line in printed.out.splitlines()] == [
        "the last sandbox, as kept",
        "12:00:00  allowed  dns kept.example",
    ]
    assert (await airut("task", "logs", thread)).code == 5  # the agent's own words are not there
    missing = kept.model_copy(update={"sha256": "f" * 64})
    activities.agent = lambda order: done("Done.").model_copy(update={"access_log": missing})
    await deliver(temporal.client, mail("second", thread))
    await idle_after(temporal.client, thread, 2)
    assert (await airut("task", "logs", thread, "--network")).code == 5


async def test_follow_shows_what_is_written_and_ends_with_the_task(
    airut: Airut, config_file: Path, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.gate.clear()
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    following = asyncio.create_task(airut("task", "logs", "-f", thread))
    await asyncio.sleep(0.5)  # it has begun before there is anything to read
    file = sandbox(config_file, thread, 1) / "out" / "events.jsonl"
    with file.open("a") as events:
        for word in ("one", "two", "three"):
            events.write(says(word) + "\n")
            events.flush()
            await asyncio.sleep(0.4)
        events.write(says("last"))
    assert not following.done()
    activities.gate.set()
    async with asyncio.timeout(60):
        shown = await following
    assert shown.code == 0
    assert [line for line in shown.out.splitlines() if "sandbox" not in line] == ["one", "two", "three", "last"]


async def test_output_that_lies_on_another_host(
    airut: Airut, config_file: Path, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    here = platform.node() or "host"
    said = await airut("task", "logs", thread)
    assert (said.code, said.err) == (
        5,
        f"{thread}/task-1 lies on the host {activities.host}, and this is {here}: "
        f"`airut task logs {thread}/task-1` there\n",
    )


async def test_what_the_agent_changed_afterwards_is_not_shown(
    airut: Airut, config_file: Path, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    folder = sandbox(config_file, thread, 1)
    (folder / "out" / "events.jsonl").symlink_to("/etc/passwd")
    said = await airut("task", "logs", thread)
    assert (said.code, said.out.replace("─", "").strip()) == (1, "")
    assert said.err == f"airut: what the agent wrote to {folder / 'out'} was changed afterwards, so it is not shown\n"
