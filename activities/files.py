"""Files of messages that lie with a channel's service: fetched before a task begins, since its sandbox cannot."""

from temporalio import activity

from activities.failures import reported
from activities.heartbeat import beating
from airut.errors import FileRefused
from airut.models.tasks.outcome import TaskOutcome
from airut.models.tasks.steps import FetchInput, FetchResult
from airut.models.threads.message import Attachment
from airut.models.values.file_names import distinct
from airut.ports.blobs import BlobStore
from airut.ports.remote_files import RemoteFiles


class FileFetches:
    def __init__(self, files: RemoteFiles, blobs: BlobStore) -> None:
        self._files = files
        self._blobs = blobs

    @activity.defn
    async def fetch_files(self, order: FetchInput) -> FetchResult:
        """Into the blob store; what is there already is stored once. A file that cannot be had is named."""
        attachments: list[Attachment] = []
        notes: list[str] = []
        taken: set[str] = set()
        with reported(TaskOutcome.WORKSPACE_FAILED):
            for number, file in enumerate(order.files):
                async with beating({"file": number}):
                    try:
                        found = await self._files.fetch(order.repo, order.channel, file)
                    except FileRefused as error:
                        notes.append(f"the file {file.name} was left out: {error}")
                        continue
                    ref = await self._blobs.put(found.content)
                name = distinct(found.name, taken)
                attachments.append(Attachment(name=name, media_type=found.media_type, content=ref))
        return FetchResult(attachments=tuple(attachments), notes=tuple(notes))
