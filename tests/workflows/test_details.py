"""What a task shows of itself in the Temporal UI."""

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome
from airut.models.tasks.settings import ThreadSettings
from airut.temporal.delivery import deliver
from tests.support.agent_results import done
from tests.support.asking import idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


async def test_credentials_that_were_refused(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    ended = done("I could not push.", AgentOutcome.FAILED)
    activities.agent = lambda order: ended.model_copy(update={"rejected": ("GH_TOKEN at github.com (401)",)})
    await deliver(temporal.client, mail("push it", thread))
    await idle_after(temporal.client, thread, 1)
    task = temporal.client.get_workflow_handle(f"{thread}/task-1")
    shown = await task.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert "credential rejected: GH_TOKEN at github.com (401)" in shown.current_details.splitlines()
    assert "These credentials were refused: GH_TOKEN at github.com (401); they may have expired." in (
        activities.replies[-1].notes
    )


async def test_the_dashboard_is_a_click_away(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    activities.settings = ThreadSettings(dashboard="https://airut.example.org")
    await deliver(temporal.client, mail("push it", thread))
    await idle_after(temporal.client, thread, 1)
    page = f"https://airut.example.org/threads/{thread}"
    for workflow, link in ((thread, page), (f"{thread}/task-1", f"{page}/tasks/1")):
        handle = temporal.client.get_workflow_handle(workflow)
        shown = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        assert f"[dashboard]({link})" in shown.current_details.splitlines()
