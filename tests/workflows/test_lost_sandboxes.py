"""A sandbox that is lost under its task: made anew, and what the agent is told then."""

import asyncio

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.prompt import compose_prompt
from airut.models.tasks.steps import AgentInput
from airut.models.tasks.task import AgentResult
from airut.temporal.delivery import deliver
from tests.support.agent_results import done
from tests.support.asking import agents_run, idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


async def test_a_lost_sandbox_is_made_anew_with_the_session_resumed(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost_once(order: AgentInput) -> AgentResult:
        if len(activities.agent_inputs) == 1:
            raise ApplicationError("network_lost", type="sandbox_lost", non_retryable=True)
        return done("Done.")

    activities.agent = lost_once
    await deliver(temporal.client, mail("first", thread))
    await idle_after(temporal.client, thread, 1)
    assert [order.attempt for order in activities.agent_inputs] == [1, 2]
    assert activities.agent_inputs[0].resume_note is None
    assert "made anew" in (activities.agent_inputs[1].resume_note or "")
    assert activities.cleaned[0].attempts == 2


async def test_a_lost_sandbox_tells_the_messages_again(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost_once(order: AgentInput) -> AgentResult:
        if order.attempt == 1:
            raise ApplicationError("no proxy", type="sandbox_lost", non_retryable=True)
        return done("Done.")

    activities.agent = lost_once
    await deliver(temporal.client, mail("the only words", thread))
    await idle_after(temporal.client, thread, 1)
    order = activities.agent_inputs[-1]
    texts = tuple((message, message.text.inline or "") for message in order.task.messages)
    prompt = compose_prompt(texts, order.inbox, order.resume_note)
    assert "the only words" in prompt
    assert prompt.startswith("[The sandbox was lost")


async def test_a_sandbox_lost_while_it_is_stopped_is_not_made_anew(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    def lost(order: AgentInput) -> AgentResult:
        raise ApplicationError("proxy died", type="sandbox_lost", non_retryable=True)

    activities.agent = lost
    activities.gate.clear()
    activities.deaf = True
    await deliver(temporal.client, mail("first", thread))
    await agents_run(activities)
    await temporal.client.get_workflow_handle(f"{thread}/task-1").cancel()
    await asyncio.sleep(0.3)
    activities.gate.set()
    status = await idle_after(temporal.client, thread, 1)
    assert len(activities.agent_inputs) == 1
    assert status.recent[0].outcome is TaskOutcome.STOPPED
