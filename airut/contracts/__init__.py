"""What workflows and activities agree on: names, types, queues, search attributes. `stubs` has the activities."""

from temporalio.common import SearchAttributeKey

CONTROL_QUEUE = "airut-control"
"""Workflows, acknowledgements and replies."""

PROGRESS_QUEUE = "airut-progress"
"""What is shown of running agents: one activity each that mostly waits, so that its worker takes any number."""

PLACEMENT_QUEUE = "airut-host"
"""Any sandbox host: whoever polls first takes the thread."""

REPO = SearchAttributeKey.for_keyword("AirutRepo")
CHANNEL = SearchAttributeKey.for_keyword("AirutChannel")
AUTHOR = SearchAttributeKey.for_keyword("AirutAuthor")
STATE = SearchAttributeKey.for_keyword("AirutState")
HOST = SearchAttributeKey.for_keyword("AirutHost")
"""The sandbox host that holds a thread's workspace, and no other."""
OUTCOME = SearchAttributeKey.for_keyword("AirutOutcome")
PULL_REQUEST = SearchAttributeKey.for_keyword("AirutPullRequest")
COST = SearchAttributeKey.for_float("AirutCost")
SEARCH_ATTRIBUTES = (REPO, CHANNEL, AUTHOR, STATE, HOST, OUTCOME, PULL_REQUEST, COST)

SUBJECT = "subject"
"""Memo of a thread. Search attributes are never encrypted, memos are where the rest is."""

TASK_SPENT = "spent"
"""Memo of a task, once it has ended: a `TaskSpent`. Its search attributes are its thread's."""

THREAD_WORKFLOW = "ThreadWorkflow"
TASK_WORKFLOW = "TaskWorkflow"
RECEIVE = "receive"
STATUS = "status"
MOVED = "moved"
"""Signal of a thread, by its task: a `TaskMove`."""
STEER = "steer"
"""Signal of a task, by its thread: a `TaskOrder`."""
INTENT = "intent"
"""Query of a task: an `EndIntent`."""
CONTROL = "control"
"""Signal of a thread: a `ThreadCommand`."""
AMEND = "amend"
"""Signal of a thread: an `Amendment`."""
BOUNCED = "bounced"
"""Signal of a thread: a `Bounce`."""
OVERHEARD = "overheard"
"""Signal of a thread: when, in seconds by its channel's clock, something was said in it that is not for us."""
NEWS = "news"
"""Signal of a thread: a `PullRequestNews`."""
RETRY = "retry"
ANSWER = "answer"
"""Updates of a thread."""
TASK_CLOSED = "task_closed"
"""Signal to a message's `notify`: a `TaskClosed`."""
RUN_AGENT = "run_agent"

HOST_WORKFLOW = "HostWorkflow"
HOST_UP = "up"
"""Signal of a host: a `HostUp`."""
DRAIN = "drain"
"""Update of a host: a `DrainOrder`, answered with a `HostStatus`."""
SWEEP_WORKFLOW = "SweepWorkflow"
EXPIRY_WORKFLOW = "ExpiryWorkflow"
MAKE_ROOM = "make_room"
"""Signal of a thread, without argument: its host lacks space, so an idle one ends now. Others take no notice."""

SCHEDULED_TASK_WORKFLOW = "ScheduledTaskWorkflow"
GIVE_WAY = "give_way"
"""Signal of a firing: a `GiveWay` of a newer one."""
GONE = "gone"
"""Signal of a firing: the id of an older one that has ended."""

FOLLOW_UP_WORKFLOW = "FollowUpWorkflow"
PUSHED = "pushed"
"""Signal of a follow-up: a `FollowOrder`."""
FOLLOWED_ENOUGH = "followed_enough"
"""Signal of a follow-up, without argument: its thread has ended."""

BUDGET_WORKFLOW = "BudgetWorkflow"
RESERVE = "reserve"
SETTLE = "settle"
RELEASE = "release"
SPENT = "spent"


TRACEPARENT = "traceparent"
"""Header of an activity: its task's place in a trace (W3C Trace Context §3.2)."""


def budget_id(repo: str) -> str:
    """The workflow id of a repository's ledger. No thread has it: their ids name a channel after the repository."""
    return f"{repo}/budget"


def follow_up_id(thread: str) -> str:
    """The workflow id of what follows a thread's pull request."""
    return f"{thread}/follow-up"


def host_queue(host: str) -> str:
    """The task queue of one sandbox host. The host id is stable, so a restarted worker finds its threads again."""
    return f"{PLACEMENT_QUEUE}-{host}"


def host_workflow(host: str) -> str:
    """The id of a sandbox host's workflow."""
    return f"{PLACEMENT_QUEUE}/{host}"


def host_of(workflow: str) -> str:
    """The host that a workflow of that id is."""
    return workflow.removeprefix(f"{PLACEMENT_QUEUE}/")


def agent_queue(host: str) -> str:
    """The queue of agent runs on one host. Its worker takes as many at once as the host can hold; everything else of
    the host has a queue without that limit, so that a full host still fetches, publishes and cleans up."""
    return f"{host_queue(host)}-agents"
