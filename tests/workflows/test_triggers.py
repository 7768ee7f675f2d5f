"""Triggers of schedules: what they say, how they are stopped, what becomes of a lost one."""

import pytest
from temporalio.exceptions import ApplicationError

from airut.models.blob import Text
from airut.models.schedules.firing import FiringEnd, FiringResult, TriggerInput, TriggerResult
from airut.models.tasks.outcome import TaskOutcome
from tests.support.eventually import eventually
from tests.support.scripted_activities import ScriptedActivities
from tests.workflows.scheduled import Make, replays, told_to_stop


async def test_a_trigger_with_nothing_to_say_makes_nothing(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(prompt=None, trigger={"command": ["check"], "timeout": "5m", "output_limit": "1k"})
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result == FiringResult(end=FiringEnd.NOTHING_TO_DO)
    (order,) = activities.trigger_inputs
    assert (order.command, order.timeout_s, order.output_limit, order.attempt) == (("check",), 300.0, 1024, 1)
    assert activities.asked == ["claim_host", "prepare_workspace", "build_image", "run_trigger"]
    assert [(cleaned.folder, cleaned.attempts) for cleaned in activities.triggers_cleaned] == [(order.folder, 1)]
    (firing,) = await made.firings()
    await replays(made.client, firing.id)


async def test_what_a_trigger_says_is_the_prompt(schedule: Make, activities: ScriptedActivities) -> None:
    activities.trigger = lambda order: TriggerResult(code=0, prompt=Text(inline="three are outdated"))
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result.outcome is TaskOutcome.SUCCESS
    assert activities.agent_inputs[0].task.messages[0].text.inline == "three are outdated"


async def test_a_lost_sandbox_is_made_anew_twice_and_then_the_agent_looks_into_it(
    schedule: Make, activities: ScriptedActivities
) -> None:
    def lost(order: TriggerInput) -> TriggerResult:
        raise ApplicationError("the proxy died", type="sandbox_lost", non_retryable=True)

    activities.trigger = lost
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    await made.handle.trigger()
    (result,) = await made.results(1)
    assert result.outcome is TaskOutcome.SUCCESS
    assert [order.attempt for order in activities.trigger_inputs] == [1, 2, 3]
    assert activities.triggers_cleaned[0].attempts == 3
    prompt = activities.agent_inputs[0].task.messages[0].text.inline or ""
    assert "could not be run" in prompt
    assert "the proxy died" in prompt


async def test_a_trigger_can_be_stopped_like_any_task(schedule: Make, activities: ScriptedActivities) -> None:
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    activities.gate.clear()
    await made.handle.trigger()
    await eventually(lambda: activities.trigger_inputs)
    (firing,) = await made.fired(1)
    await made.client.get_workflow_handle(firing.id).cancel()
    (result,) = await made.results(1)
    assert result.end is FiringEnd.STOPPED
    assert (len(activities.triggers_cleaned), activities.agent_inputs) == (1, [])


@pytest.mark.parametrize(
    "end",
    [
        ApplicationError("the proxy died", type="sandbox_lost", non_retryable=True),
        ApplicationError("the worker process ended in the middle of it", type="WorkerLost"),
        TriggerResult(code=0, prompt=Text(inline="three are outdated")),
    ],
    ids=["its sandbox is lost", "its worker dies", "it ends by itself"],
)
async def test_a_stop_holds_whatever_becomes_of_the_trigger_then(
    schedule: Make, activities: ScriptedActivities, end: ApplicationError | TriggerResult
) -> None:
    def ended(order: TriggerInput) -> TriggerResult:
        if isinstance(end, ApplicationError):
            raise end
        return end

    activities.trigger, activities.deaf = ended, True
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    activities.gate.clear()
    await made.handle.trigger()
    await eventually(lambda: activities.trigger_inputs)
    (firing,) = await made.fired(1)
    await told_to_stop(made.client, firing.id)
    activities.gate.set()
    assert [result.end for result in await made.results(1)] == [FiringEnd.STOPPED]
    assert (len(activities.trigger_inputs), len(activities.triggers_cleaned), activities.agent_inputs) == (1, 1, [])
    await replays(made.client, firing.id)


async def test_a_step_that_is_done_though_a_stop_was_asked_for_is_the_last(
    schedule: Make, activities: ScriptedActivities
) -> None:
    activities.building.clear()
    made = await schedule(prompt=None, trigger={"command": ["check"]})
    await made.handle.trigger()
    await eventually(lambda: "build_image" in activities.asked)
    (firing,) = await made.fired(1)
    await told_to_stop(made.client, firing.id)
    activities.building.set()
    assert [result.end for result in await made.results(1)] == [FiringEnd.STOPPED]
    assert activities.trigger_inputs == []
