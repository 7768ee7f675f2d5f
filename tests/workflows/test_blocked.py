"""Requests that the fence refused: in the task's details, and in the reply when the task did not do its job."""

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import AgentOutcome, AgentVerdict
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.temporal.delivery import deliver
from tests.support.agent_results import done
from tests.support.asking import idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities

BLOCKED = ("PUT b.example (2)", "GET evil.example (1)")
REMARK = "The sandbox was refused these requests: PUT b.example (2), GET evil.example (1)."


@pytest.mark.parametrize(("outcome", "notes"), [(AgentOutcome.DONE, ()), (AgentOutcome.TURNS_EXCEEDED, (REMARK,))])
async def test_who_is_told(
    temporal: WorkflowEnvironment,
    activities: ScriptedActivities,
    thread: str,
    outcome: AgentOutcome,
    notes: tuple[str, ...],
) -> None:
    def run(order: AgentInput) -> AgentResult:
        return done("Tried.").model_copy(update={"blocked": BLOCKED, "verdict": AgentVerdict(outcome=outcome)})

    activities.agent = run
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    task = temporal.client.get_workflow_handle(f"{thread}/task-1")
    metadata = await task.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    told = [line for line in metadata.current_details.split("\n\n") if line.startswith("refused")]
    assert told == ["refused by the fence: PUT b.example (2)", "refused by the fence: GET evil.example (1)"]
    assert activities.replies[-1].notes == notes
