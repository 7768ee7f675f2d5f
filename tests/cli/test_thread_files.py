"""Files of a reply, as a person fetches them."""

from pathlib import Path

from temporalio.testing import WorkflowEnvironment

from airut.adapters.blobs_local import LocalBlobStore
from airut.models.threads.message import Attachment
from airut.temporal.delivery import deliver
from tests.cli.conftest import Airut, Printed
from tests.support.agent_results import BLOB, done
from tests.support.asking import idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

GONE = BLOB.model_copy(update={"sha256": "1" * 64})


async def test_they_are_listed_and_saved_and_never_written_over_anything(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str, tmp_path: Path
) -> None:
    stored = await LocalBlobStore(tmp_path / "state" / "blobs").put(b"all is well\n")
    out = (
        Attachment(name="report.txt", media_type="text/plain", content=stored),
        Attachment(name="gone.txt", media_type="text/plain", content=GONE),
    )
    activities.agent = lambda order: done("See the report.").model_copy(update={"outbox": out})
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    listed = await airut("thread", "files", thread)
    assert listed == Printed(0, "report.txt (12 bytes)\ngone.txt (3 bytes)\n", "")
    folder = tmp_path / "saved"
    saved = await airut("thread", "files", thread, "--out", str(folder))
    assert saved == Printed(5, f"{folder}/report.txt (12 bytes)\n", "gone.txt (3 bytes): it is not kept any more\n")
    assert (folder / "report.txt").read_bytes() == b"all is well\n"
    again = await airut("thread", "files", thread, "--out", str(folder))
    assert again == Printed(6, "", f"{folder}/report.txt exists already; nothing was written over it\n")


async def test_a_reply_without_files(
    airut: Airut, temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert await airut("thread", "files", thread) == Printed(0, "the last reply has no files\n", "")
