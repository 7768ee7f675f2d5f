"""What a sandbox stands on: a host, the thread's workspace there, and the repository's image (spec: lifecycle §3)."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.contracts import stubs
    from airut.models.tasks.steps import FetchInput, ImageInput, WorkspaceInput, WorkspaceResult
    from airut.models.tasks.task import TaskStep
    from airut.models.threads.archive import RestoreOrder
    from workflows import options
    from workflows.flow import Flow


class Preparation:
    """Belongs to one open task."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow

    async def workspace(self) -> WorkspaceResult:
        """Placed, fetched, checked out. Safe to ask for again: the rules are those of this moment.

        Raises:
            HostGone
            ActivityError: it failed; or a stop or a pause interrupted it.
        """
        flow, place = self._flow, self._flow.placement
        await self._files()
        if place.host is None:
            flow.enter(TaskStep.PREPARING, "placement")
            flow.update(host=await place.claim(flow.steering))
            await flow.tell_thread()
            await self.restore()
        flow.enter(TaskStep.PREPARING, "workspace")
        order = WorkspaceInput(
            thread=flow.task.thread,
            repo=flow.task.repo,
            attachments=tuple(file for message in flow.task.messages for file in message.attachments),
            published=flow.task.published if flow.task.merged is None else None,
            merged=flow.task.merged,
            unpublished=flow.result.stored.bundle,
            uncommitted=flow.result.stored.changes,
        )
        summary = f"fetch {flow.task.repo}"
        workspace = await place.run(stubs.prepare_workspace, order, options.WORKSPACE, summary, flow.steering)
        flow.settings = workspace.settings or flow.settings
        place.lost_after_s = flow.settings.host_lost_after_s
        flow.notes += [note for note in workspace.notes if note not in flow.notes]
        return workspace

    async def _files(self) -> None:
        """What the messages' channel keeps of them, once: from then on they are attachments like any others."""
        flow = self._flow
        for number, message in enumerate(flow.task.messages):
            if not message.files:
                continue
            flow.enter(TaskStep.PREPARING, "files")
            fetched = await workflow.execute_activity(
                stubs.fetch_files,
                FetchInput(repo=message.repo, channel=message.channel, files=message.files),
                **flow.at_control(options.FILES, f"{len(message.files)} files"),
            )
            attachments = (*message.attachments, *fetched.attachments)
            whole = message.model_copy(update={"attachments": attachments, "files": ()})
            messages = (*flow.task.messages[:number], whole, *flow.task.messages[number + 1 :])
            flow.task = flow.task.model_copy(update={"messages": messages})
            flow.notes += [note for note in fetched.notes if note not in flow.notes]

    async def restore(self) -> None:
        """Onto a host that has nothing of this thread: what the blob store holds of it."""
        flow, stored = self._flow, self._flow.result.stored
        if stored.transcript is None and stored.storage is None:
            return
        order = RestoreOrder(
            thread=flow.task.thread,
            repo=flow.task.repo,
            session_id=flow.result.session_id or flow.task.session_id,
            transcript=stored.transcript,
            storage=stored.storage,
        )
        summary = "session and storage"
        restored = await flow.placement.run(stubs.restore_thread, order, options.WORKSPACE, summary, flow.steering)
        flow.notes += [f"Not brought back: {note}." for note in restored.notes]

    async def image(self, workspace: WorkspaceResult) -> str:
        flow = self._flow
        flow.enter(TaskStep.PREPARING, "image")
        order = ImageInput(repo=flow.task.repo, policy_commit=workspace.policy.commit)
        summary = "image of .airut/container"
        image = await flow.placement.run(stubs.build_image, order, options.IMAGE, summary, flow.steering)
        return image.tag
