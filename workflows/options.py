"""How long each activity may take and how often it is tried again (spec: lifecycle §10); each number has its reason."""

from datetime import timedelta

from temporalio.common import Priority, RetryPolicy
from temporalio.workflow import ActivityCancellationType, ActivityConfig

from airut.models.threads.message import ChannelKind


def at(base: ActivityConfig, queue: str, summary: str, repo: str) -> ActivityConfig:
    """A step's limits, where it runs, and what the Temporal UI calls it. Repositories take turns on a queue."""
    config = base.copy()
    config["task_queue"], config["summary"], config["priority"] = queue, summary, Priority(fairness_key=repo)
    return config


def over(base: ActivityConfig, channel: ChannelKind) -> ActivityConfig:
    """A reply's limits over this channel. Slack is a service that is away for seconds, and says itself when to come
    again where it limits us; a mail server may count hasty retries against us. When to give up on a mail is configured,
    and the activity's to know."""
    config = base.copy()
    if channel is ChannelKind.EMAIL and base is REPLY:
        config["schedule_to_close_timeout"] = MAIL_MOST
    if channel is not ChannelKind.SLACK:
        return config
    config["retry_policy"] = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5))
    return config


MAIL_MOST = timedelta(days=31)
"""Beyond the longest `replies.give_up_after`."""

TOO_LARGE = "PayloadsTooLarge"
"""The SDK's own failure type: trying again would run hours of work again for the same oversized result."""

CLAIM = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)
"""No schedule-to-start limit: a full or absent host is waited for, the thread says so in its status."""

PING = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10),
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
)

RECALL = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    # Unlimited: a thread that begins without its archive takes known messages for new ones, and does them again.
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
)

BUDGET = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    schedule_to_close_timeout=timedelta(hours=24),  # it is asked of Temporal itself, which is there
    retry_policy=RetryPolicy(maximum_interval=timedelta(minutes=1)),
)

WORKSPACE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=30),  # big clones
    schedule_to_close_timeout=timedelta(hours=2),
    heartbeat_timeout=timedelta(seconds=60),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(minutes=5),
        non_retryable_error_types=[TOO_LARGE],
    ),
)

FILES = ActivityConfig(
    start_to_close_timeout=timedelta(hours=1),  # fifty files of a hundred MiB
    schedule_to_close_timeout=timedelta(hours=12),
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)

EARLIER = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=6),  # four calls of one a minute
    schedule_to_close_timeout=timedelta(minutes=15),  # the agent is told that it is missing; the task waits for it
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

IMAGE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=60),
    heartbeat_timeout=timedelta(seconds=60),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    # Unlimited: a worker that is killed in the middle of a build is not the build's fault. The activity itself counts
    # the tries that failed, and raises the last one, and a failing Dockerfile at once, as not retryable.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=1)),
)

AGENT = ActivityConfig(
    # A Temporal server that is away for half a minute must not time an attempt out; a fast throttle on the worker
    # makes a cancel arrive in about two seconds all the same (TEMPORAL.md, findings 5 and 7).
    heartbeat_timeout=timedelta(seconds=60),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    # Unlimited: each new attempt only adopts the running container. The workflow itself counts lost sandboxes.
    retry_policy=RetryPolicy(
        initial_interval=timedelta(seconds=1),
        maximum_interval=timedelta(seconds=30),
        non_retryable_error_types=[TOO_LARGE],
    ),
)

MEMORY = ActivityConfig(
    start_to_close_timeout=timedelta(seconds=10),
    # Unlimited: that there is memory is a failure too, which names its own pause. A host that is away needs none.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

TRIGGER = ActivityConfig(
    heartbeat_timeout=timedelta(seconds=60),
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    # Unlimited: a new attempt adopts the running command. Lost sandboxes are counted by the workflow, and few are made
    # anew, since nobody knows how much of a command had its effect.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30)),
)

START_THREAD = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    # Unlimited: it is Temporal itself that it waits for.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

PUBLISH = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=15),
    schedule_to_close_timeout=timedelta(hours=24),  # a forge that is down is not the user's fault
    heartbeat_timeout=timedelta(seconds=60),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
)

LOOK = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=5),  # some dozen requests of half a minute at most
    heartbeat_timeout=timedelta(seconds=60),
    # Unlimited: that nothing is new is a failure too, which names its own pause.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=5)),
)

ACKNOWLEDGE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    schedule_to_close_timeout=timedelta(hours=1),  # nice to have; an hour later nobody needs it
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

SHOW = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=2),  # a call takes half a minute at most, and there are a few
    # By then it is an old state, and the next one waits for it; a task's last words are worth more.
    schedule_to_close_timeout=timedelta(minutes=2),
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=1)),
)

SHOW_LAST = SHOW.copy()
SHOW_LAST["schedule_to_close_timeout"] = timedelta(hours=6)

FOLLOW = ActivityConfig(
    start_to_close_timeout=timedelta(days=8),  # longer than any agent may run
    heartbeat_timeout=timedelta(seconds=60),
    # What comes next is shown after this one's last word: within a second, as it heartbeats.
    cancellation_type=ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

REPLY = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    schedule_to_close_timeout=timedelta(hours=72),  # a mail server that is down over a weekend
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=10), maximum_interval=timedelta(minutes=15)),
)

SETTLE = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=1),
    schedule_to_close_timeout=timedelta(hours=1),  # nice to have: whoever presses what is over is told so anyway
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1)),
)

CLEAN_UP = ActivityConfig(
    start_to_close_timeout=timedelta(minutes=10),
    heartbeat_timeout=timedelta(seconds=60),
    # Unlimited: what is left over holds memory, addresses and the rules with real credentials.
    retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=10)),
)
