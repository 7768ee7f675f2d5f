"""The image's step of a task, when workers die."""

from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import ImageInput
from airut.temporal.delivery import deliver
from airut.temporal.stale_attempts import LOST_TYPE, SOON
from tests.support.asking import idle_after
from tests.support.messages import mail
from tests.support.scripted_activities import ScriptedActivities


async def test_workers_that_are_killed_in_the_middle_of_a_build_do_not_use_up_its_tries(
    temporal: WorkflowEnvironment, activities: ScriptedActivities, thread: str
) -> None:
    killed = 5

    def dies(order: ImageInput) -> None:
        if activities.asked.count("build_image") <= killed:
            raise ApplicationError("the worker process ended", type=LOST_TYPE, next_retry_delay=SOON)

    activities.build = dies
    await deliver(temporal.client, mail("add a file", thread))
    status = await idle_after(temporal.client, thread, 1)
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert activities.asked.count("build_image") == killed + 1
