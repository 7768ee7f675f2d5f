"""Claude Code's command line for an unattended run. Each flag that guards something says what."""

import json

from pydantic import JsonValue

from airut.adapters.claude_code import telling
from airut.adapters.claude_code.asking import (
    HOOK,
    HOOK_FILE,
    INLINE_MOST,
    answer_file,
    hook_settings,
    put_off_file,
    quoting_prompt,
)
from airut.adapters.claude_code.questions import PLAN
from airut.adapters.claude_code.session import Session, Waiting, choose, waiting
from airut.models.questions.question import QuestionKind
from airut.models.tasks.agent import AgentCommand, AgentRun

BINARY = "/opt/claude/claude"
FILES = "/run/airut/files"
SYSTEM_PROMPT = "system-prompt.md"
LATER = "prompt.jsonl"
SERVERS = "mcp.json"
SETTINGS: dict[str, JsonValue] = {
    # Transcripts older than this many days are deleted by any run in the same home: a thread may sleep for months.
    "cleanupPeriodDays": 3650,
    # A memory is read in spite of `--setting-sources=`, and could be planted as well.
    "autoMemoryEnabled": False,
    # It asks a server whether a tool may run while a plan is made, and refuses where that does not answer.
    "useAutoModeDuringPlan": False,
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
    # The default branch's rules may have changed since the session began.
    "--system-prompt-snapshot=off",
    f"--append-system-prompt-file={FILES}/{SYSTEM_PROMPT}",
    # The to-do list is progress that people see; the newer models have it only on demand.
    "--allowedTools=TodoWrite",
)
UNASKED = "--dangerously-skip-permissions"  # the sandbox is the permission
IN_PLAN_MODE = "--permission-mode=plan"  # a plan can be approved, or sent back, in its own mode only
WITHOUT_PLANS = "--disallowedTools=EnterPlanMode,ExitPlanMode"
ENVIRONMENT = {
    "CLAUDE_CONFIG_DIR": "/home/agent/.claude",
    "IS_SANDBOX": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    # TodoWrite, which writes the whole list each time, rather than TaskCreate and TaskUpdate, which each write a line.
    "CLAUDE_CODE_ENABLE_TASKS": "0",
    # Waiting for the provider is the workflow's work: a 529 otherwise holds the sandbox for three minutes.
    "CLAUDE_CODE_MAX_RETRIES": "2",
}
COMPACT = "/compact"


def command(run: AgentRun) -> AgentCommand:
    """The command for this run. Changes nothing: the container of this very run may be running."""
    session = choose(run.home, run.session_id)
    put_off = waiting(run.home, session.id) if session.resumes else None
    files = {SYSTEM_PROMPT: run.system_prompt, HOOK_FILE: HOOK, telling.HOOK_FILE: telling.HOOK}
    argv = [BINARY, *_flags(run, session, put_off)]
    if run.mcp_servers:
        files[SERVERS] = json.dumps({"mcpServers": {name: each.declared() for name, each in run.mcp_servers.items()}})
    if put_off:
        hooked, later = _reply(run, put_off)
        files |= hooked
        argv = _with_stdin(f"{FILES}/{LATER}" if later else "/dev/null", argv)
        files |= {LATER: _message(later)} if later else {}
    return AgentCommand(argv=tuple(argv), stdin=_stdin(run), environment=dict(ENVIRONMENT), files=files)


def _flags(run: AgentRun, session: Session, put_off: Waiting | None) -> list[str]:
    planning = put_off is not None and put_off.tool == PLAN
    settings = {**run.settings, **SETTINGS, "hooks": hook_settings(allow_the_rest=planning) | telling.hook_settings()}
    flags = [*FIXED, f"--settings={json.dumps(settings)}", IN_PLAN_MODE if planning else UNASKED]
    flags.append(f"--max-turns={run.max_turns}")
    flags.append(f"--resume={session.id}" if session.resumes else f"--session-id={session.id}")
    if run.mcp_servers:
        flags.append(f"--mcp-config={FILES}/{SERVERS}")
    if run.model:
        flags.append(f"--model={run.model}")
    if run.effort:
        flags.append(f"--effort={run.effort}")
    if run.budget_usd is not None:
        flags.append(f"--max-budget-usd={run.budget_usd:.4f}")
    if not run.plan_approval and not planning:
        flags.append(WITHOUT_PLANS)
    return flags


def _reply(run: AgentRun, put_off: Waiting) -> tuple[dict[str, str], str]:
    """What the hook says to the call that an earlier run put off, and the message to give after it, if any. The call
    comes before every message, and would end this run as well if the hook had no word for it."""
    question, answer = run.question, run.answer
    if question and answer and question.id == put_off.call:
        if question.tool_input or question.kind is QuestionKind.PLAN:
            return answer_file(question, answer), run.prompt.strip()
        instead = quoting_prompt(question, answer, run.prompt)
    else:
        instead = _text(run)
    if len(instead) <= INLINE_MOST:
        return put_off_file(put_off.call, f"Instead, this came:\n\n{instead}"), ""
    return put_off_file(put_off.call, "The next message says how to go on; until then, do nothing."), instead


def _stdin(run: AgentRun) -> str:
    """The user's messages. They depend on the run alone, and never on what lies in the home: the sandbox of this run is
    told by them, also when it is asked for again."""
    return (_line(COMPACT) if run.compact else "") + _message(_text(run))


def _text(run: AgentRun) -> str:
    return quoting_prompt(run.question, run.answer, run.prompt) if run.question and run.answer else run.prompt


def _message(text: str) -> str:
    """People's words. One that begins with a slash would be a command of Claude Code's: `/clear` forgets all."""
    return _line(f"\n{text}" if text.startswith("/") else text)


def _line(text: str) -> str:
    message = {"type": "user", "message": {"role": "user", "content": text}, "parent_tool_use_id": None}
    return json.dumps(message) + "\n"


def _with_stdin(file: str, argv: list[str]) -> list[str]:
    """Reads that instead of what the sandbox gives, which stays the same: it tells this run's sandbox from others."""
    return ["/bin/sh", "-c", f'exec "$@" <{file}', "claude", *argv]
