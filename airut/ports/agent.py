"""The coding agent as a command line and a stream of events. Claude Code is the one there is."""

from pathlib import Path
from typing import Protocol

from airut.models.hosts.sandbox import ExitStatus
from airut.models.tasks.agent import AgentCommand, AgentProgress, AgentRun
from airut.models.tasks.outcome import AgentVerdict


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


class Sessions(Protocol):
    """The transcripts in the agent's home. The agent writes there: links are never followed, and only plain files of
    bounded size are read. Each may be called again. Not while a container of the thread runs, except for `save`.

    Raises:
        OSError: from `save` and `restore`: this host's disk failed. What an agent left there raises nothing.
    """

    def save(self, home: Path, session_id: str) -> bytes | None:
        """The transcript that a run of this session would resume, whole lines only; None where there is none, or none
        that is worth keeping. A running agent may be writing it: what is there is taken."""
        ...

    def restore(self, home: Path, session_id: str, transcript: bytes) -> None:
        """Make that transcript the one that a run of this session resumes. Those that are there are kept, under other
        names; folders are made where they lack."""
        ...

    def is_intact(self, home: Path, session_id: str) -> bool:
        """Whether a run of this session has a transcript to resume in which no message is missing. A torn line that
        nothing refers to is no harm: it was being written when its agent was killed."""
        ...

    def holds(self, home: Path, session_id: str, entry: str) -> bool:
        """Whether the transcript that a run of this session would resume has the entry with that id, such as
        `AgentProgress.first_answer`: all that came before it in its run is then in the session as well."""
        ...
