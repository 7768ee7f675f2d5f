"""Claude Code's command line for an unattended run. Each flag that guards something says what."""

from airut.adapters.claude_code.session import Transcript, look, move_away
from airut.models.agent import AgentCommand, AgentRun

BINARY = "/opt/claude/claude"
SYSTEM_PROMPT = "system-prompt.md"
FIXED = (
    "-p",
    "--output-format=stream-json",
    "--verbose",
    # A repository's own .claude/settings.json could redirect the API calls, and with them the key.
    "--setting-sources=user",
    "--strict-mcp-config",
    # The sandbox is the permission.
    "--dangerously-skip-permissions",
    # Transcripts older than this many days are deleted by any run in the same home: a thread may sleep for months.
    '--settings={"cleanupPeriodDays":3650}',
    # The default branch's rules may have changed since the session began.
    "--system-prompt-snapshot=off",
)
ENVIRONMENT = {
    "CLAUDE_CONFIG_DIR": "/home/agent/.claude",
    "IS_SANDBOX": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    # Waiting for the provider is the workflow's work: a 529 otherwise holds the sandbox for three minutes.
    "CLAUDE_CODE_MAX_RETRIES": "2",
}


def command(run: AgentRun) -> AgentCommand:
    """The command for this run. A transcript that can neither be resumed nor made anew is moved out of the way."""
    transcript = look(run.home, run.session_id)
    if transcript is Transcript.DEAD_END:
        move_away(run.home, run.session_id)
    resumes = transcript is Transcript.RESUMABLE
    argv = [BINARY, *FIXED, f"--append-system-prompt-file=/run/airut/files/{SYSTEM_PROMPT}"]
    argv.append(f"--max-turns={run.max_turns}")
    argv.append(f"--resume={run.session_id}" if resumes else f"--session-id={run.session_id}")
    if run.model:
        argv.append(f"--model={run.model}")
    if run.effort:
        argv.append(f"--effort={run.effort}")
    return AgentCommand(
        argv=tuple(argv),
        stdin=run.prompt,
        environment=dict(ENVIRONMENT),
        files={SYSTEM_PROMPT: run.system_prompt},
        resumes=resumes,
    )
