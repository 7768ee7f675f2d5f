"""The output of a task's sandboxes as it lies on this host, or as it was kept elsewhere."""

from pathlib import Path

from airut.adapters.podman.output import OutputReader, Tampered
from airut.errors import AirutError
from airut.models.hosts.folders import ACCESS_LOG_FILES, ThreadFolders
from airut.ports.recordings import Line

ACCESS_LOG_MOST = 16 * 1024**2
"""Bytes of each part of an access log that are read: some 30,000 requests, more than a page shows."""


class FolderRecording:
    """Implements `airut.ports.recordings.TaskOutput` on the folders of one task."""

    def __init__(self, state: Path, thread: str, task: int) -> None:
        """Raises: ValueError: a part of the id could lead elsewhere."""
        self._folder = ThreadFolders(state=state).of(thread).task(task, 1).parent

    @property
    def sandboxes(self) -> tuple[int, ...]:
        try:
            names = [path.name for path in self._folder.iterdir()]
        except OSError:
            return ()
        return tuple(sorted(int(name) for name in names if name.isascii() and name.isdigit()))

    def size(self, sandbox: int) -> int:
        try:
            return (self._folder / str(sandbox) / "out" / "events.jsonl").stat(follow_symlinks=False).st_size
        except OSError:
            return 0

    def lines(self, sandbox: int, start: int, end: int) -> tuple[Line, ...]:
        out = self._folder / str(sandbox) / "out"
        try:
            # From the byte before: where that ends a line, one begins at `start`.
            with OutputReader(out, max(start - 1, 0)) as output:
                return tuple(_lines(output, start, end))
        except FileNotFoundError:
            return ()
        except Tampered as error:
            raise AirutError(f"what the agent wrote to {out} was changed afterwards, so it is not shown") from error

    @property
    def access_log(self) -> bytes:
        """What all its sandboxes asked the network for, in order."""
        found = (self._folder / str(sandbox) / "log" / name for sandbox in self.sandboxes for name in ACCESS_LOG_FILES)
        return b"".join(map(_beginning, found))


class BytesRecording:
    """Implements `airut.ports.recordings.Recording` on one text, such as the transcript of a session."""

    def __init__(self, content: bytes, sandbox: int = 1) -> None:
        self._content = content
        self._sandbox = sandbox

    @property
    def sandboxes(self) -> tuple[int, ...]:
        return (self._sandbox,) if self._content else ()

    def size(self, sandbox: int) -> int:
        return len(self._content) if sandbox == self._sandbox else 0

    def lines(self, sandbox: int, start: int, end: int) -> tuple[Line, ...]:
        if sandbox != self._sandbox:
            return ()
        found: list[Line] = []
        begins = self._content.find(b"\n", start - 1) + 1 if start else 0
        at = begins if begins or not start else len(self._content)
        while at < min(end, len(self._content)):
            newline = self._content.find(b"\n", at)
            behind = len(self._content) if newline < 0 else newline
            if behind > at:
                found.append(Line(at, self._content[at:behind]))
            at = behind + 1
        return tuple(found)


def _lines(output: OutputReader, start: int, end: int) -> list[Line]:
    found: list[Line] = []
    final = output.exit_written()
    while output.offset < end and (data := output.read(final=final)) is not None:
        at = output.offset - len(data)
        for raw in data.split(b"\n"):
            if raw and start <= at < end:
                found.append(Line(at, raw))
            at += len(raw) + 1
    return found


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(ACCESS_LOG_MOST)
    except OSError:
        return b""
