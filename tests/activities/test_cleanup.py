"""The end of a task on its host."""

from datetime import timedelta
from pathlib import Path

from temporalio.testing import ActivityEnvironment

from activities.cleanup import CleanUps
from airut.adapters.blobs_local import LocalBlobStore
from airut.models.blob import BlobRef, SweptBlobs
from airut.models.hosts.folders import ThreadFolders
from airut.models.hosts.sandbox import sandbox_id
from airut.models.tasks.steps import CleanUpInput
from airut.models.threads.message import Attachment
from tests.activities.agent_bench import TASK
from tests.activities.test_sweep import Left
from tests.adapters.test_blob_upkeep import age, cutoff
from tests.support.fake_sandbox import FakeSandboxes


async def test_what_a_thread_carries_is_kept_as_long_as_it_has_tasks(tmp_path: Path) -> None:
    blobs = LocalBlobStore(tmp_path / "blobs")
    carried, other = await blobs.put(b"carried"), await blobs.put(b"other")
    for ref in (carried, other):
        age(tmp_path / "blobs", ref, timedelta(days=300))
    file = Attachment(name="a.txt", media_type="text/plain", content=carried)
    message = TASK.messages[0].model_copy(update={"attachments": (file,)})
    task = TASK.model_copy(update={"messages": (message,)})
    cleanups = CleanUps(ThreadFolders(state=tmp_path), FakeSandboxes(), blobs)
    order = CleanUpInput(task=task, attempts=1, delivered=True)
    await ActivityEnvironment().run(cleanups.clean_up, order)
    assert await blobs.delete_unused(cutoff()) == SweptBlobs(count=1, bytes=5)
    assert await blobs.get(BlobRef(sha256=carried.sha256, size=7)) == b"carried"


async def test_a_terminated_task_leaves_no_sandbox_however_many_it_had(tmp_path: Path) -> None:
    left, task = Left(), TASK.id
    for attempt in (1, 9):
        left.add(sandbox_id(task, attempt), TASK.thread)
        left.there[sandbox_id(task, attempt)] = left.there[sandbox_id(task, attempt)].model_copy(update={"task": task})
    left.add("another", "web/mail/another")
    cleanups = CleanUps(ThreadFolders(state=tmp_path), left, LocalBlobStore(tmp_path / "blobs"), left)
    order = CleanUpInput(task=TASK, attempts=1, delivered=False)
    await ActivityEnvironment().run(cleanups.clean_up, order)
    assert sorted(left.there) == sorted(["another", sandbox_id(task, 9)])
    await ActivityEnvironment().run(cleanups.clean_up, order.model_copy(update={"every": True}))
    assert sorted(left.there) == ["another"]
