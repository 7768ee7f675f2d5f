"""One run of the coding agent: what it is given, and what its event stream has said so far."""

from datetime import datetime
from pathlib import Path

from airut.models.base import Model
from airut.models.questions.question import Answer, Question
from airut.models.tasks.mcp import McpServer
from airut.models.tasks.outcome import Usage

NOTICES = "/notices"
"""A folder of the sandbox's that its host writes while the agent runs, and the agent can only read."""
NOTICE = "notice.json"
"""The file in it with what the agent is to know now: one JSON string. The agent is told each once."""


class AgentRun(Model):
    """What an agent run is given. `home` is the thread's folder for the agent's own files on this host."""

    session_id: str
    prompt: str
    system_prompt: str
    """Our rules for working unattended, and the default branch's CLAUDE.md."""
    model: str | None = None
    effort: str | None = None
    max_turns: int = 200
    settings: dict[str, object] = {}
    """Of Claude Code, beside ours, which come first."""
    mcp_servers: dict[str, McpServer] = {}
    home: Path
    budget_usd: float | None = None
    """What this run may cost at most; None for no limit. The agent notices after the turn that went over it."""
    question: Question | None = None
    answer: Answer | None = None
    """The answer to `question`, both or none: the run goes on with the question tool's own result where the session
    still waits for it, and is otherwise given a prompt that quotes both. `prompt` comes after it, and may be empty."""
    plan_approval: bool = False
    """Whether the agent's plans are put to people (as a question of kind PLAN). Without it, it has no plan mode."""
    compact: bool = False
    """Resume with the conversation so far summarised by the agent itself, before the prompt."""


class AgentCommand(Model):
    """How to start it: argv as seen in the container, standard input, environment (no secrets: surrogates only)."""

    argv: tuple[str, ...]
    stdin: str
    environment: dict[str, str]
    files: dict[str, str] = {}
    """What `argv` refers to below `/run/airut/files/`: goes into `SandboxSpec.files` as it is."""


class AgentResultEvent(Model):
    """A `result` event (CLAUDE-CODE.md §2): a run can emit several, the last one at process exit decides."""

    subtype: str
    is_error: bool
    text: str = ""
    turns: int = 0
    deferred_tool: str | None = None
    question: Question | None = None
    """What the deferred tool asks, where that is a question."""
    api_error_status: int | None = None
    terminal_reason: str | None = None
    errors: tuple[str, ...] = ()


class ApiError(Model):
    """The last failure of the model API that the stream reported."""

    kind: str
    status: int | None = None
    cause: str | None = None
    """The API's own name for what is wrong with the request, such as `tool_history_mismatch`."""
    type: str | None = None
    """The API's own class of error, such as `rate_limit_error`."""
    message: str = ""


class PlanItem(Model):
    """A line of the agent's to-do list. `state` is the agent's own word: pending, in_progress, completed."""

    text: str
    state: str = "pending"


class AgentProgress(Model):
    """What the events so far say. Everything in it can be made again by reading the file from the start."""

    session_id: str | None = None
    events: int = 0
    unreadable: int = 0
    texts: tuple[str, ...] = ()
    """The assistant's texts of the main conversation, newest last; only the newest are kept."""
    last_step: str = ""
    """One line for people: the tool in hand or the first words of the last text."""
    results: tuple[AgentResultEvent, ...] = ()
    """Newest last; only the newest are kept."""
    results_dropped: int = 0
    """How many results before those are not kept."""
    api_error: ApiError | None = None
    usage: Usage = Usage()
    limit_resets_at: datetime | None = None
    """When the provider's usage limit renews, where the stream said so."""
    in_tool: bool = False
    """A tool call of the main conversation is in hand: it was made, and its result has not come yet."""
    plan: tuple[PlanItem, ...] = ()
    """The agent's to-do list as it is now; only so many items are kept."""
    answered: bool = False
    """The model has answered at least once in this run, or its question tool was answered."""
    first_answer: str | None = None
    """The id that this answer has in the session's transcript, which is written a little behind the stream: when a run
    was killed, `Sessions.holds` tells whether the session knows the run's prompt."""
    open_calls: tuple[str, ...] = ()
    """Which calls `in_tool` counts; only so many are kept."""
    usage_limit: bool = False
    """The provider said that its usage limit is used up."""
