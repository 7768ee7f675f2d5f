"""Workflows as somebody might change them. A module of its own: the workflow sandbox imports it anew."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.tasks.task import TaskInput, TaskResult
    from workflows.task import TaskWorkflow


@workflow.defn(name="TaskWorkflow")
class ChangedWithoutAPatch(TaskWorkflow):
    """The change that this suite is there to catch: one more step, for tasks that began without it too."""

    @workflow.init
    def __init__(self, task: TaskInput) -> None:
        super().__init__(task)

    @workflow.run
    async def run(self, task: TaskInput) -> TaskResult:
        await workflow.sleep(1)
        return await super().run(task)


@workflow.defn(name="TaskWorkflow")
class ChangedWithAPatch(TaskWorkflow):
    """The same change as it has to be made."""

    @workflow.init
    def __init__(self, task: TaskInput) -> None:
        super().__init__(task)

    @workflow.run
    async def run(self, task: TaskInput) -> TaskResult:
        if workflow.patched("a-step-more"):
            await workflow.sleep(1)
        return await super().run(task)
