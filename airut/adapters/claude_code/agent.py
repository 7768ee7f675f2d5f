"""Claude Code as the agent: implements `airut.ports.agent.Agent`."""

from airut.adapters.claude_code.command import command
from airut.adapters.claude_code.stream import fold
from airut.adapters.claude_code.transcripts import ClaudeSessions
from airut.adapters.claude_code.verdict import classify
from airut.models.hosts.sandbox import ExitStatus
from airut.models.tasks.agent import AgentCommand, AgentProgress, AgentRun
from airut.models.tasks.outcome import AgentVerdict

__all__ = ["ClaudeCode", "ClaudeSessions"]


class ClaudeCode:
    """Holds nothing: what there is to know is in the run, the session folder and the stream."""

    def command(self, run: AgentRun) -> AgentCommand:
        return command(run)

    def progress(self, before: AgentProgress, lines: bytes) -> AgentProgress:
        return fold(before, lines)

    def verdict(self, progress: AgentProgress, exit_status: ExitStatus, stderr: str) -> AgentVerdict:
        return classify(progress, exit_status, stderr)
