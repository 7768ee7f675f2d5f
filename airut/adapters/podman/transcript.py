"""What a build says: its last lines in memory, all of it in a file, neither without bound."""

from collections import deque
from pathlib import Path

TAIL = 40  # lines of a failed build that the answer carries
LINE = 1_000  # characters of a line that the answer carries
MOST = 16 * 1024**2  # bytes of the file: the noisiest build of an hour has a tenth of that


class Transcript:
    """Takes output piece by piece. `keep` is looked for at the beginning of every line: the last such line is kept."""

    def __init__(self, file: Path, keep: str) -> None:
        self._file = file.open("wb", buffering=0)  # who follows a build reads along
        self._written = 0
        self._rest = b""
        self._keep = keep
        self._tail: deque[str] = deque(maxlen=TAIL)
        self.kept: str | None = None

    def feed(self, data: bytes) -> None:
        room = MOST - self._written
        if room > 0:
            self._file.write(data[:room])
            self._written += min(len(data), room)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-LINE * 4 :]  # a line without end; a character has at most four bytes
        for line in lines:
            self._take(line)

    def close(self) -> None:
        self._file.close()
        if self._rest:
            self._take(self._rest)
            self._rest = b""

    @property
    def lines(self) -> list[str]:
        return list(self._tail)

    def _take(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip("\r")[:LINE]
        self._tail.append(text)
        if text.startswith(self._keep):
            self.kept = text
