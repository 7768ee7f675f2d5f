"""What the scripted model says: steps that are played in order, one for each request of a conversation."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from airut.models.base import Model


def _regular_expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.PatternError as error:
        raise ValueError(f"not a regular expression: {error}") from error
    return pattern


Pattern = Annotated[str, AfterValidator(_regular_expression)]
StopReason = Literal["end_turn", "tool_use", "max_tokens", "stop_sequence", "pause_turn", "refusal"]
FOREVER = -1


class ToolUse(Model):
    """One call of a tool. The id is made up where none is given."""

    name: str
    input: dict[str, JsonValue] = {}
    id: str | None = None


class TokenUsage(Model):
    """What the answer claims to have cost."""

    input_tokens: int = 100
    output_tokens: int = 20
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0


class ApiFailure(Model):
    """An HTTP error of the API, `headers` such as `retry-after` included."""

    status: int = Field(ge=400, le=599)
    type: str = "api_error"
    message: str = "Internal server error"
    headers: dict[str, str] = {}


class StreamFailure(Model):
    """An `error` event after the answer has begun with status 200."""

    type: str = "overloaded_error"
    message: str = "Overloaded"


class Step(Model):
    """One answer. Text, thinking and tools make up a message; `error`, `stream_error` and `drop` break it.

    In `text` and in texts of tool inputs, `{{name}}` stands for that named group of `match`.
    """

    text: str = ""
    thinking: str = ""
    tool: ToolUse | None = None
    tools: tuple[ToolUse, ...] = ()
    stop_reason: StopReason | None = None
    """Overrides `tool_use` (where tools are called) and `end_turn`."""
    usage: TokenUsage = TokenUsage()

    error: ApiFailure | None = None
    stream_error: StreamFailure | None = None
    drop: bool = False
    """Cut the connection instead of answering."""
    drop_mid_stream: bool = False
    """Cut it after the first piece of the answer."""

    delay: float = Field(default=0, ge=0)
    """Seconds before the answer."""
    chunk_delay: float = Field(default=0, ge=0)
    """Seconds between the pieces of a streamed answer."""

    match: Pattern | None = None
    """Only a request whose last user text (tool results included) has this pattern takes the step."""
    conversation: Pattern | None = None
    """Only a request that has this pattern in any user text takes the step: tells threads that share a key apart."""
    expect: Pattern | None = None
    """Noted in the record: does the whole request body (as JSON) have this pattern?"""
    repeat: int = Field(default=1, ge=FOREVER)
    """How often the step plays; -1 is for ever."""

    @property
    def calls(self) -> tuple[ToolUse, ...]:
        return ((self.tool,) if self.tool else ()) + self.tools

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        says = bool(self.text or self.thinking or self.calls)
        breaks = [bool(self.error), bool(self.stream_error), self.drop]
        if sum(breaks) > 1 or (says and any(breaks)):
            raise ValueError("a step either says something or breaks in one way")
        return self


class Script(Model):
    """The steps of one API key. A request that no step fits is answered with the text of `exhausted`."""

    steps: tuple[Step, ...]
    side: Step = Step(text="Side")
    """The answer to calls that offer no tools (titles, quota probes); they use up no step."""
    exhausted: Step = Step(text="script exhausted")


def script(*steps: Step) -> Script:
    return Script(steps=steps)


def say(text: str) -> Step:
    """A last word: the turn ends."""
    return Step(text=text)


def use(name: str, tool_input: Mapping[str, JsonValue], text: str = "") -> Step:
    """One tool call, with a word before it."""
    return Step(text=text, tool=ToolUse(name=name, input=dict(tool_input)))


def bash(command: str, text: str = "") -> Step:
    return use("Bash", {"command": command, "description": "Run a command"}, text)


def write(path: str, content: str, text: str = "") -> Step:
    return use("Write", {"file_path": path, "content": content}, text)


def ask(question: str, *labels: str, multiple: bool = False, text: str = "", id: str | None = None) -> Step:  # noqa: A002
    """A question to people, with at least two choices."""
    options: list[JsonValue] = [{"label": label, "description": f"choose {label}"} for label in labels]
    item: JsonValue = {"question": question, "header": "Question", "multiSelect": multiple, "options": options}
    return Step(text=text, tool=ToolUse(name="AskUserQuestion", input={"questions": [item]}, id=id))


def commit(files: Mapping[str, str], message: str, summary: str, workspace: str = "/workspace") -> Script:
    """Write the files, commit all of them, and say what was done: the shortest task that makes a pull request."""
    writes = [write(f"{workspace}/{path}", content) for path, content in files.items()]
    quoted = message.replace("'", "'\\''")
    return script(*writes, bash(f"cd {workspace} && git add -A && git commit -q -m '{quoted}'"), say(summary))


def fail(status: int, kind: str = "api_error", message: str = "Internal server error", **headers: str) -> Step:
    """An HTTP error; `retry_after="1"` becomes the header `retry-after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Step(error=ApiFailure(status=status, type=kind, message=message, headers=named))
