"""What the agent is told while it works: a hook after each of its tool calls looks for a notice in its sandbox."""

from pydantic import JsonValue

from airut.models.tasks.agent import NOTICE, NOTICES

HOOK_FILE = "notice.sh"
RUN_HOOK = f"sh /run/airut/files/{HOOK_FILE}"
TOLD = "/tmp/airut-told"  # noqa: S108 (the container's own, and each run's container is new)
HOOK = """\
#!/bin/sh
# The sandbox's host may have a word for the agent, a JSON string: told once.
cat >/dev/null
notice=$(cat NOTICES/NOTICE 2>/dev/null) && [ -n "$notice" ] || exit 0
[ "$notice" != "$(cat TOLD 2>/dev/null)" ] || exit 0
printf '%s\\n' "$notice" >TOLD
printf '{"hookSpecificOutput":{"hookEventName":"PostToolUse","additionalContext":%s}}\\n' "$notice"
""".replace("NOTICES/NOTICE", f"{NOTICES}/{NOTICE}").replace("TOLD", TOLD)


def hook_settings() -> dict[str, JsonValue]:
    """The `hooks` of the settings that we pass, to be joined with others."""
    # Ten seconds: it reads a line. What takes longer is a machine that hangs, and no notice is worth waiting for that.
    hook: dict[str, JsonValue] = {"type": "command", "command": RUN_HOOK, "timeout": 10}
    return {"PostToolUse": [{"hooks": [hook]}]}
