"""Questions by Claude Code's `defer`: a hook ends the run when the agent asks, and the run that has the answer gives it
as the tool's own result (CLAUDE-CODE.md §4)."""

import json

from pydantic import JsonValue

from airut.models.question import GO_ON, Answer, Question, QuestionKind

FOLDER = "/run/airut/files"
HOOK_FILE = "question.sh"
ASKING = ("AskUserQuestion", "ExitPlanMode")
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
if mkdir "${TMPDIR:-/tmp}/airut-asked" 2>/dev/null; then
    echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"defer"}}'
else
    echo '{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"deny",\
"permissionDecisionReason":"Another question of yours is on its way to people, and only one can be at a time. When \
you have its answer, ask this one again if you still need to; one call takes up to four questions."}}'
fi
"""


def hook_settings() -> dict[str, JsonValue]:
    """The `hooks` of the settings that we pass; those of files are not read."""
    hook: dict[str, JsonValue] = {"type": "command", "command": f"sh {FOLDER}/{HOOK_FILE}", "timeout": 60}
    return {"PreToolUse": [{"matcher": "|".join(ASKING), "hooks": [hook]}]}


def answer_files(question: Question, answer: Answer) -> dict[str, str]:
    """What the hook prints for the call that asked."""
    decision: dict[str, JsonValue] = {"hookEventName": "PreToolUse"}
    if question.kind is QuestionKind.PLAN and answer.replies[0] != GO_ON:
        decision |= {"permissionDecision": "deny", "permissionDecisionReason": plan_feedback(answer)}
    else:
        answers: dict[str, JsonValue] = {
            item.text: reply or "(no answer to this one)"
            for item, reply in zip(question.items, answer.replies, strict=False)
        }
        given = {} if question.kind is QuestionKind.PLAN else {"answers": answers}
        decision |= {"permissionDecision": "allow", "updatedInput": {**question.tool_input, **given}}
    return {f"answer-{question.id}.json": json.dumps({"hookSpecificOutput": decision}) + "\n"}


def plan_feedback(answer: Answer) -> str:
    return f"The plan shall be changed before it is carried out. In their words: {answer.text or answer.replies[0]}"


def quoting_prompt(question: Question, answer: Answer, prompt: str) -> str:
    """Question and answer as a message, for a session that does not wait for the tool's result any more."""
    parts = [f"You asked people, and {answer.author or 'one of them'} answered. If you know this already, go on."]
    for item, reply in zip(question.items, answer.replies, strict=False):
        parts.append(f"Question: {item.text}\nAnswer: {reply or '(no answer to this one)'}")
    if answer.text and answer.text not in answer.replies:
        parts.append(f"In their own words:\n{answer.text}")
    parts.append("Go on with your work.")
    if prompt.strip():
        parts.append(prompt)
    return "\n\n".join(parts)
