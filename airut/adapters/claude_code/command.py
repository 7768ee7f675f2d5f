"""Claude Code's command line for an unattended run. Each flag that guards something says what."""

import json

from airut.adapters.claude_code.asking import HOOK, HOOK_FILE, answer_files, hook_settings, quoting_prompt
from airut.adapters.claude_code.session import awaits, choose
from airut.models.agent import AgentCommand, AgentRun

BINARY = "/opt/claude/claude"
SYSTEM_PROMPT = "system-prompt.md"
SETTINGS = {
    # Transcripts older than this many days are deleted by any run in the same home: a thread may sleep for months.
    "cleanupPeriodDays": 3650,
    # A memory is read in spite of `--setting-sources=`, and could be planted as well.
    "autoMemoryEnabled": False,
    "hooks": hook_settings(),
}
FIXED = (
    "-p",
    "--output-format=stream-json",
    # Together these two give the agent its question tools; without, it is told that there are none.
    "--input-format=stream-json",
    "--permission-prompt-tool=stdio",
    "--verbose",
    # No settings files at all. A repository's own .claude/settings.json could redirect the API calls, and with them the
    # key; and the user's lie in the home that the agent writes to: hooks, CLAUDE.md, skills and plugins planted there
    # by an agent that was once misled would run in all later tasks of the thread.
    "--setting-sources=",
    "--strict-mcp-config",
    # The sandbox is the permission.
    "--dangerously-skip-permissions",
    f"--settings={json.dumps(SETTINGS)}",
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


PLAN_TOOLS = "--disallowedTools=EnterPlanMode,ExitPlanMode"
UNASKED = ("/bin/sh", "-c", 'exec "$@" </dev/null', "claude")
"""Runs what follows it without the prompt, which stays what it is: it tells a sandbox's job from another."""


def command(run: AgentRun) -> AgentCommand:
    """The command for this run. Changes nothing: the container of this very run may be running."""
    session = choose(run.home, run.session_id)
    argv = [BINARY, *FIXED, f"--append-system-prompt-file=/run/airut/files/{SYSTEM_PROMPT}"]
    argv.append(f"--max-turns={run.max_turns}")
    argv.append(f"--resume={session.id}" if session.resumes else f"--session-id={session.id}")
    if run.model:
        argv.append(f"--model={run.model}")
    if run.effort:
        argv.append(f"--effort={run.effort}")
    if run.budget_usd is not None:
        argv.append(f"--max-budget-usd={run.budget_usd:g}")
    if not run.plan_approval:
        argv.append(PLAN_TOOLS)
    files = {SYSTEM_PROMPT: run.system_prompt, HOOK_FILE: HOOK}
    if run.question and run.answer and session.resumes and awaits(run.home, session.id, run.question.id):
        files |= answer_files(run.question, run.answer)
        argv = [*UNASKED, *argv]
    return AgentCommand(argv=tuple(argv), stdin=_stdin(run), environment=dict(ENVIRONMENT), files=files)


def _stdin(run: AgentRun) -> str:
    """The user's message. It depends on the run alone, and never on what lies in the home: the sandbox of this run is
    told by it, also when it is asked for again."""
    text = quoting_prompt(run.question, run.answer, run.prompt) if run.question and run.answer else run.prompt
    message = {"role": "user", "content": text}
    return json.dumps({"type": "user", "message": message, "parent_tool_use_id": None}) + "\n"
