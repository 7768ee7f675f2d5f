"""The activities as workflows call them.

Each stub has the name, argument and result of the activity that a worker registers, and a test holds both to one
signature. So a workflow never imports what does the work.
"""

from temporalio import activity

from airut.models.blob import SweptBlobs
from airut.models.budgets.budget import BudgetGrant, BudgetRelease, BudgetRequest, BudgetSettlement
from airut.models.hosts.host import PlacementOrder
from airut.models.hosts.sweep import SweepOrder, SweepReport
from airut.models.mail.notes import MailNotes
from airut.models.mail.progress_report import ReportOrder
from airut.models.pull_requests.follow_up import FollowOrder, Look, Sighting
from airut.models.schedules.firing import Opening, OtherFirings, TriggerCleanUp, TriggerInput, TriggerResult
from airut.models.tasks.progress import ShowOrder
from airut.models.tasks.shown import Shown
from airut.models.tasks.steps import (
    AgentInput,
    CleanUpInput,
    FetchInput,
    FetchResult,
    HostResult,
    ImageInput,
    ImageResult,
    PublishInput,
    PublishResult,
    QuestionOver,
    ReplyInput,
    WorkspaceInput,
    WorkspaceResult,
)
from airut.models.tasks.task import AgentResult, ReplyRecord
from airut.models.threads.archive import (
    Archived,
    ArchivedThread,
    ArchiveOrder,
    Expired,
    ExpireOrder,
    RemoveOrder,
    Restored,
    RestoreOrder,
)
from airut.models.threads.earlier import EarlierInput, EarlierResult
from airut.models.threads.message import InboundMessage, SlackRoute


@activity.defn
async def claim_host() -> HostResult:
    """Take a new thread on whichever sandbox host runs this."""
    raise NotImplementedError


@activity.defn
async def set_placement(order: PlacementOrder) -> None:
    """Have the sandbox host that runs this take new threads, or none."""
    raise NotImplementedError


@activity.defn
async def ping_host() -> HostResult:
    """Tell that this host's worker is there."""
    raise NotImplementedError


@activity.defn
async def wait_for_low_memory() -> str:
    """Tell, in words, that this host is short of memory, once it is."""
    raise NotImplementedError


@activity.defn
async def fetch_files(order: FetchInput) -> FetchResult:
    """Fetch the files of a message from its channel's service."""
    raise NotImplementedError


@activity.defn
async def read_earlier(order: EarlierInput) -> EarlierResult:
    """Read what stands before a message in its channel, for the agent to know."""
    raise NotImplementedError


@activity.defn
async def prepare_workspace(order: WorkspaceInput) -> WorkspaceResult:
    """Fetch the repository, make the thread's checkout if it has none, put attachments into its inbox."""
    raise NotImplementedError


@activity.defn
async def build_image(order: ImageInput) -> ImageResult:
    """Make sure that the image of the repository's `.airut/container` exists on this host."""
    raise NotImplementedError


@activity.defn
async def run_agent(order: AgentInput) -> AgentResult:
    """Start the agent in its sandbox, or adopt the one that runs, and follow it to its end."""
    raise NotImplementedError


@activity.defn
async def publish(order: PublishInput) -> PublishResult:
    """Check the commits, push them to the thread's branch, open or update the pull request."""
    raise NotImplementedError


@activity.defn
async def follow_pull_request(order: FollowOrder) -> None:
    """Have a thread's pull request followed from this push on."""
    raise NotImplementedError


@activity.defn
async def look_at_pull_request(order: Look) -> Sighting:
    """Look at a pull request until something is new in it."""
    raise NotImplementedError


@activity.defn
async def run_trigger(order: TriggerInput) -> TriggerResult:
    """Run a schedule's command in a sandbox of its own, or adopt the one that runs, and say what to do about it."""
    raise NotImplementedError


@activity.defn
async def clean_up_trigger(order: TriggerCleanUp) -> None:
    """Remove a trigger's sandboxes and its folders."""
    raise NotImplementedError


@activity.defn
async def open_conversation(opening: Opening) -> SlackRoute:
    """Post in Slack what a firing's thread begins with, once."""
    raise NotImplementedError


@activity.defn
async def start_thread(message: InboundMessage) -> None:
    """Hand a message to its thread, starting it where it does not run. The same message twice counts once."""
    raise NotImplementedError


@activity.defn
async def task_is_pending(thread: str) -> bool:
    """Whether a thread still has something to do."""
    raise NotImplementedError


@activity.defn
async def other_firings(order: OtherFirings) -> list[str]:
    """Workflow ids of the older firings of a schedule that still run."""
    raise NotImplementedError


@activity.defn
async def acknowledge(order: ReplyInput) -> MailNotes | None:
    """Tell the author that the message has arrived, where the channel's settings want that; and what else they want."""
    raise NotImplementedError


@activity.defn
async def reply(order: ReplyInput) -> ReplyRecord:
    """Send one answer through the thread's channel."""
    raise NotImplementedError


@activity.defn
async def report_progress(order: ReportOrder) -> None:
    """Send a mail that tells how far the running agent is. Nothing depends on it."""
    raise NotImplementedError


@activity.defn
async def show_progress(order: ShowOrder) -> Shown:
    """Show a task's state where its channel has a place for that. Nothing depends on it."""
    raise NotImplementedError


@activity.defn
async def follow_progress(order: ShowOrder) -> Shown:
    """Show how far a running agent is, until it has ended or this is cancelled."""
    raise NotImplementedError


@activity.defn
async def settle_question(order: QuestionOver) -> None:
    """Show that a question is over where people have it before them, if the channel can do that."""
    raise NotImplementedError


@activity.defn
async def clean_up(order: CleanUpInput) -> None:
    """Remove the task's sandboxes; empty the outbox once its reply has arrived."""
    raise NotImplementedError


@activity.defn
async def reserve_budget(order: BudgetRequest) -> BudgetGrant:
    """Ask before a run starts what it may cost, and hold that for it. The same key again has the same answer."""
    raise NotImplementedError


@activity.defn
async def settle_budget(order: BudgetSettlement) -> None:
    """Say what a run has cost, whatever came of it. Once more is harmless."""
    raise NotImplementedError


@activity.defn
async def release_budget(order: BudgetRelease) -> None:
    """Give back what the runs of a closed task hold that could not settle, such as one that was terminated."""
    raise NotImplementedError


@activity.defn
async def archive_thread(order: ArchiveOrder) -> Archived:
    """Store what an ending thread has on its host: the session's transcript, and `/storage` as far as it fits."""
    raise NotImplementedError


@activity.defn
async def remove_thread(order: RemoveOrder) -> None:
    """Remove all that an ended thread has on its host."""
    raise NotImplementedError


@activity.defn
async def restore_thread(order: RestoreOrder) -> Restored:
    """Put an archived or moved thread's session and storage onto the host of its next task."""
    raise NotImplementedError


@activity.defn
async def keep_archive(archive: ArchivedThread) -> None:
    """Keep what a later message to an ended thread needs."""
    raise NotImplementedError


@activity.defn
async def recall_archive(thread: str) -> ArchivedThread | None:
    """What is kept of a thread from its last life, if it had one."""
    raise NotImplementedError


@activity.defn
async def sweep_host(order: SweepOrder) -> SweepReport:
    """Remove what a sandbox host has of tasks and threads that are over, and make room where there is none."""
    raise NotImplementedError


@activity.defn
async def expire_records(order: ExpireOrder) -> Expired:
    """Remove archives that were kept long enough, and blobs that nobody has used for as long."""
    raise NotImplementedError


@activity.defn
async def expire_payloads(order: ExpireOrder) -> SweptBlobs:
    """Remove values that were too large for a history, once no history has named them for a month."""
    raise NotImplementedError
