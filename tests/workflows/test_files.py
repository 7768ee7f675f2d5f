"""Files that lie with a channel's service: a task has them as attachments."""

from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.steps import FetchInput, FetchResult
from airut.models.threads.message import Attachment, ChannelKind, RemoteFile
from airut.temporal.delivery import deliver
from tests.support.agent_results import BLOB
from tests.support.asking import idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

FILE = RemoteFile(id="F1", name="a.csv", media_type="text/csv", size=3, url="https://files.slack.com/a.csv")
FETCHED = Attachment(name="a.csv", media_type="text/csv", content=BLOB)


async def test_files_are_fetched_once_before_the_workspace(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.fetch = lambda order: FetchResult(attachments=(FETCHED,), notes=("the file b was left out: it is gone",))
    await deliver(temporal.client, mail("look at this", thread).model_copy(update={"files": (FILE,)}))
    status = await idle_after(temporal.client, thread, 1)
    assert activities.asked[:3] == ["fetch_files", "claim_host", "prepare_workspace"]
    assert activities.fetched == [FetchInput(repo="web", channel=ChannelKind.EMAIL, files=(FILE,))]
    assert [order.attachments for order in activities.workspace_inputs] == [(FETCHED,)]
    assert activities.agent_inputs[0].task.messages[0].attachments == (FETCHED,)
    assert activities.replies[0].notes == ("the file b was left out: it is gone",)
    assert status.queue == ()
