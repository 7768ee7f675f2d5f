"""What an agent wrote, line by line, sandbox by sandbox."""

from typing import NamedTuple, Protocol


class Line(NamedTuple):
    """`offset`: of its first byte in the sandbox's output. `raw` is without its newline, and not empty."""

    offset: int
    raw: bytes


class Recording(Protocol):
    """The output of one task. A line of it is never read in part; what is there may grow, and does not change."""

    @property
    def sandboxes(self) -> tuple[int, ...]:
        """Their numbers, oldest first; empty where nothing was written, or nothing is here."""
        ...

    def size(self, sandbox: int) -> int:
        """Bytes by now; 0 where it has not begun to write."""
        ...

    def lines(self, sandbox: int, start: int, end: int) -> tuple[Line, ...]:
        """The whole lines that begin in these bytes, the last one also where it ends behind them. At `start` a line
        begins, or else the rest of the one that it is in is passed over.

        Raises:
            AirutError: the agent has changed what it wrote before.
        """
        ...


class TaskOutput(Recording, Protocol):
    """All that lies on this host of a task's sandboxes."""

    @property
    def access_log(self) -> bytes:
        """What they asked the network for, in order, a JSON object a line."""
        ...
