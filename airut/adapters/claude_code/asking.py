"""Questions by Claude Code's `defer`: a hook ends the run when the agent asks, and the run that has the answer gives it
as the tool's own result (CLAUDE-CODE.md §4)."""

import json

from pydantic import JsonValue

from airut.adapters.claude_code.questions import ASK, PLAN
from airut.models.questions.answer_parsing import words_besides
from airut.models.questions.question import GO_ON, Answer, Question, QuestionKind

FOLDER = "/run/airut/files"
HOOK_FILE = "question.sh"
RUN_HOOK = f"sh {FOLDER}/{HOOK_FILE}"
LOCK = "/tmp/airut-asked"  # noqa: S108 (the container's own, and each run's container is new)
HOOK = """\
#!/bin/sh
# The agent asks. With an answer here for this very call, give it; else end the run, so that people can be asked.
asked=$(cat)
for answer in "${0%/*}"/answer-*.json; do
    id=${answer##*/answer-}
    case $asked in *'"tool_use_id":"'"${id%.json}"'"'*)
        if [ -f "$answer" ]; then exec cat "$answer"; fi
    esac
done
# Only one call can be put off: of two, the first would vanish from the session.
if mkdir LOCK 2>/dev/null; then
    echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"defer"}}'
else
    echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",\
"permissionDecisionReason":"Another question of yours is on its way to people, and only one can be at a time. When \
you have its answer, ask this one again if you still need to; one call takes up to four questions."}}'
fi
""".replace("LOCK", LOCK)
ALLOW = """\
echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}'
"""
INLINE_MOST = 8_000
"""Characters; a tool's result of some 50 kB is cut to 2 kB and a file's name."""
NO_REPLY = "(no answer to this one)"
OWN_WORDS = "In their own words:"
PUT_OFF = "Nobody has answered this."


def hook_settings(allow_the_rest: bool = False) -> dict[str, JsonValue]:
    """The `hooks` of the settings that we pass; those of files are not read. `allow_the_rest` lets all other tools run
    without asking in a permission mode that asks."""
    hook: dict[str, JsonValue] = {"type": "command", "command": RUN_HOOK, "timeout": 60}
    asking: list[JsonValue] = [{"matcher": f"{ASK}|{PLAN}", "hooks": [hook]}]
    allow: dict[str, JsonValue] = {"type": "command", "command": ALLOW.strip(), "timeout": 60}
    rest: list[JsonValue] = [{"matcher": f"^(?!{ASK}|{PLAN}).*$", "hooks": [allow]}]
    return {"PreToolUse": asking + rest if allow_the_rest else asking}


def answer_file(question: Question, answer: Answer) -> dict[str, str]:
    """What the hook prints for the call that asked, once there is an answer."""
    if question.kind is QuestionKind.PLAN and answer.replies[0] != GO_ON:
        words = answer.text or answer.replies[0]
        reason = f"The plan shall be changed before it is carried out. In {_author(answer)}'s words: {words}"
        return _file(question.id, {"permissionDecision": "deny", "permissionDecisionReason": reason})
    given: dict[str, JsonValue] = {**question.tool_input}
    if question.kind is QuestionKind.CHOICE:
        pairs = zip(question.items, answer.replies, strict=False)
        answers: dict[str, JsonValue] = {item.text: reply or NO_REPLY for item, reply in pairs}
        if words := words_besides(question, answer):
            first = question.items[0].text
            answers[first] = f"{answers[first]}\n{OWN_WORDS} {words}"
        given["answers"] = answers
    return _file(question.id, {"permissionDecision": "allow", "updatedInput": given})


def put_off_file(call: str, instead: str) -> dict[str, str]:
    """What the hook prints for a call that nobody answers any more: it would otherwise end each run that follows."""
    return _file(call, {"permissionDecision": "deny", "permissionDecisionReason": f"{PUT_OFF} {instead}"})


def quoting_prompt(question: Question, answer: Answer, prompt: str) -> str:
    """Question and answer as a message, for a session that does not wait for the tool's result any more."""
    parts = [f"You asked, and {_author(answer)} answered. If you know this answer already, just go on."]
    if question.kind is QuestionKind.PLAN:
        parts.append(f"The plan:\n\n{question.plan}" if question.plan else "It was about your plan.")
    for item, reply in zip(question.items, answer.replies, strict=False):
        parts.append(f"Question: {item.text}\nAnswer: {reply or NO_REPLY}")
    if words := words_besides(question, answer):
        parts.append(f"{OWN_WORDS}\n{words}")
    return "\n\n".join([*parts, prompt.strip() or "Go on with your work."])


def _author(answer: Answer) -> str:
    return answer.author or "somebody"


def _file(call: str, decision: dict[str, JsonValue]) -> dict[str, str]:
    output: dict[str, JsonValue] = {"hookEventName": "PreToolUse", **decision}
    return {f"answer-{call}.json": json.dumps({"hookSpecificOutput": output}) + "\n"}
