"""The coding agent as a command line and a stream of events. Claude Code is the one there is."""

from typing import Protocol

from airut.models.agent import AgentCommand, AgentProgress, AgentRun
from airut.models.outcome import AgentVerdict
from airut.models.sandbox import ExitStatus


class Agent(Protocol):
    """Pure but for looking at the session folder."""

    def command(self, run: AgentRun) -> AgentCommand:
        """The command line, prompt and environment for this run: a new session, or the newest that can be resumed.

        Changes nothing, and never raises, whatever the agent left in its home: a container of this run may be
        running while it is asked for again.
        """
        ...

    def progress(self, before: AgentProgress, lines: bytes) -> AgentProgress:
        """Fold whole lines of output into what is known so far. Unknown events and broken lines are counted, kept
        in the file, and otherwise ignored. Never raises."""
        ...

    def verdict(self, progress: AgentProgress, exit_status: ExitStatus, stderr: str) -> AgentVerdict:
        """Classify the ended run by its structured events and exit status, never by the agent's prose."""
        ...
