"""Where a task's timeline is read from: its folders on this host, or what was kept of its session."""

import asyncio
import gzip
from dataclasses import dataclass
from datetime import datetime, timedelta

from airut.adapters.recordings import BytesRecording
from airut.dashboard.ports import Ports
from airut.dashboard.timeline.entries import time_of
from airut.errors import BlobError
from airut.models.blob import BlobRef
from airut.ports.recordings import Recording
from airut.ports.task_records import TaskDetail

SLACK = timedelta(seconds=60)
"""Between the clocks of a sandbox host and of Temporal."""


@dataclass(frozen=True)
class Source:
    """`kept`: it is the transcript of the session, not the output itself."""

    recording: Recording
    kept: bool = False


async def timeline_source(ports: Ports, thread: str, number: int, detail: TaskDetail | None) -> Source:
    """What there is of a task; an empty recording where nothing is."""
    try:
        output = ports.output(thread, number)
    except ValueError:
        return Source(recording=BytesRecording(b""))
    if await asyncio.to_thread(lambda: output.sandboxes) or detail is None or detail.result is None:
        return Source(recording=output)
    agent = detail.result.agent
    transcript = (agent.transcript if agent else None) or detail.result.stored.transcript
    content = await _blob(ports, transcript)
    ends = (detail.ended_at or detail.started_at) + SLACK
    part = await asyncio.to_thread(written_between, content, detail.started_at - SLACK, ends)
    return Source(recording=BytesRecording(part), kept=True)


async def access_log(ports: Ports, thread: str, number: int, detail: TaskDetail | None) -> bytes:
    """What a task asked the network for: from its folders, else what was kept of its last sandbox."""
    try:
        output = ports.output(thread, number)
    except ValueError:
        return b""
    if found := await asyncio.to_thread(lambda: output.access_log):
        return found
    agent = detail.result.agent if detail and detail.result else None
    packed = await _blob(ports, agent.access_log if agent else None)
    try:
        return await asyncio.to_thread(gzip.decompress, packed) if packed else b""
    except OSError:
        return b""


def written_between(transcript: bytes, start: datetime, end: datetime) -> bytes:
    """The lines of a session's transcript of that time; a line without a time is of that of the one before."""
    kept: list[bytes] = []
    within = False
    for line in transcript.split(b"\n"):
        if (at := time_of(line)) is not None:
            within = start <= at <= end
        if within and line:
            kept.append(line)
    return b"\n".join(kept)


async def _blob(ports: Ports, ref: BlobRef | None) -> bytes:
    if ref is None:
        return b""
    try:
        return await ports.blobs.get(ref)
    except (BlobError, OSError):
        return b""
