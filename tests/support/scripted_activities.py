"""Activities that play a part: registered under the contract's names, they record what they were asked."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError

from airut.errors import DeliveryRefused
from airut.models.budgets.budget import BudgetGrant, BudgetRelease, BudgetRequest, BudgetSettlement
from airut.models.hosts.workspace import DefaultBranch
from airut.models.mail.notes import MailNotes
from airut.models.mail.progress_report import ReportOrder
from airut.models.pull_requests.follow_up import FollowOrder
from airut.models.schedules.firing import Opening, TriggerCleanUp, TriggerInput, TriggerResult
from airut.models.tasks.progress import ShowOrder
from airut.models.tasks.settings import ThreadSettings
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
from airut.models.threads.archive import Archived, ArchivedThread, ArchiveOrder, RemoveOrder, Restored, RestoreOrder
from airut.models.threads.earlier import EarlierInput, EarlierResult
from airut.models.threads.message import SlackRoute
from tests.support.agent_results import BLOB, REQUEST, done
from tests.support.scripted_forge import ScriptedForge


class ScriptedActivities:
    """Every step succeeds unless the test replaces it; `asked` holds the names in order, `agent_inputs` the runs."""

    def __init__(self, host: str = "h1") -> None:
        self.host = host
        self.asked: list[str] = []
        self.agent_inputs: list[AgentInput] = []
        self.replies: list[ReplyInput] = []
        self.openings: list[Opening] = []
        self.workspace_inputs: list[WorkspaceInput] = []
        self.fetched: list[FetchInput] = []
        self.fetch: Callable[[FetchInput], FetchResult] = lambda order: FetchResult(attachments=())
        self.read: list[EarlierInput] = []
        self.earlier: Callable[[EarlierInput], EarlierResult] = lambda order: EarlierResult()
        self.brought: tuple[str, ...] = ()
        self.over: list[QuestionOver] = []
        """Questions that nobody can answer any more."""
        self.cleaned: list[CleanUpInput] = []
        self.acknowledged: list[ReplyInput] = []
        self.reserved: list[BudgetRequest] = []
        self.agent: Callable[[AgentInput], AgentResult] = lambda order: done("Done.")
        self.workspace: Callable[[WorkspaceInput], None] = lambda order: None
        self.build: Callable[[ImageInput], None] = lambda order: None
        self.answer: Callable[[ReplyInput], None] = lambda order: None
        self.place: Callable[[], str] = lambda: self.host
        """Which host takes the task."""
        self.tidy: Callable[[CleanUpInput], None] = lambda order: None
        self.budget: Callable[[BudgetRequest], BudgetGrant] = lambda order: BudgetGrant()
        self.settled: list[BudgetSettlement] = []
        self.released: list[BudgetRelease] = []
        self.archives: dict[str, ArchivedThread] = {}
        self.restored: list[RestoreOrder] = []
        self.trigger: Callable[[TriggerInput], TriggerResult] = lambda order: TriggerResult(code=0)
        self.trigger_inputs: list[TriggerInput] = []
        self.triggers_cleaned: list[TriggerCleanUp] = []
        self.settings: ThreadSettings | None = None
        self.working: Callable[[], float] = lambda: 0.0
        """How many seconds an agent works."""
        self.most_at_once = 0
        """Agents."""
        self._at_work = 0
        self.deaf = False
        """The agent, or the trigger, runs on though it is cancelled, as one does whose worker has not heard of it yet."""
        self.interrupted: AgentResult | None = None
        """What a cancelled agent leaves; None is one that had not begun."""
        self.left: AgentResult | None = None
        """What a frozen agent that is to end leaves."""
        self.low_memory = False
        """Of the host."""
        self.worker_goes: Exception | None = None
        """How the agent's activity ends when it is cancelled, since its worker goes just then."""
        self.gate: asyncio.Event = asyncio.Event()
        self.gate.set()
        self.sending: asyncio.Event = asyncio.Event()
        """Until it is set, nothing that is sent arrives."""
        self.sending.set()
        self.building: asyncio.Event = asyncio.Event()
        """Cleared, an image is built, and no cancel heard of, until it is set."""
        self.building.set()
        self.room: asyncio.Event = asyncio.Event()
        """A workspace is ready once this is set."""
        self.room.set()
        self.recall: Callable[[str], None] = lambda thread: None
        self.mails: MailNotes | None = None
        self.forge = ScriptedForge()
        self.shown: list[ShowOrder] = []
        self.shows: str | None = None
        """The thread of which it is kept what was shown; None keeps all, also what an earlier test's thread has left."""
        self.reports: list[ReportOrder] = []
        self.followed: list[ShowOrder] = []
        self.lets_go = 0.0
        """Seconds that a follower takes to end."""
        self.show: Callable[[ShowOrder], Shown] = lambda order: Shown(message="1.1", follows=True)

    async def open(self, opening: Opening) -> SlackRoute:
        """Implements `airut.ports.openings.Openings`."""
        self.openings.append(opening)
        if not opening.place.startswith("C"):
            raise DeliveryRefused(f"the app is in no channel {opening.place}")
        ts = f"{len(self.openings)}.000001"
        return SlackRoute(team="T1", channel=opening.place, thread_ts=ts, ts=ts, user="U0AIRUT", opens=True)

    def all(self) -> Sequence[Callable[..., Any]]:
        return [
            self.claim_host,
            self.ping_host,
            self.wait_for_low_memory,
            self.fetch_files,
            self.read_earlier,
            self.prepare_workspace,
            self.build_image,
            self.run_agent,
            self.publish,
            self.acknowledge,
            self.reply,
            self.settle_question,
            self.clean_up,
            self.reserve_budget,
            self.settle_budget,
            self.release_budget,
            self.archive_thread,
            self.remove_thread,
            self.restore_thread,
            self.keep_archive,
            self.recall_archive,
            self.run_trigger,
            self.clean_up_trigger,
            self.show_progress,
            self.report_progress,
        ]

    @activity.defn
    async def claim_host(self) -> HostResult:
        self.asked.append("claim_host")
        return HostResult(host=self.place())

    @activity.defn
    async def ping_host(self) -> HostResult:
        self.asked.append("ping_host")
        return HostResult(host=self.host)

    @activity.defn
    async def wait_for_low_memory(self) -> str:
        self.asked.append("wait_for_low_memory")
        if self.low_memory:
            return "nothing is left"
        raise ApplicationError("there is enough", next_retry_delay=timedelta(milliseconds=100))

    @activity.defn
    async def fetch_files(self, order: FetchInput) -> FetchResult:
        self.asked.append("fetch_files")
        self.fetched.append(order)
        return self.fetch(order)

    @activity.defn
    async def read_earlier(self, order: EarlierInput) -> EarlierResult:
        self.asked.append("read_earlier")
        self.read.append(order)
        return self.earlier(order)

    @activity.defn
    async def prepare_workspace(self, order: WorkspaceInput) -> WorkspaceResult:
        self.asked.append("prepare_workspace")
        self.workspace_inputs.append(order)
        self.workspace(order)
        await self.room.wait()
        branch = DefaultBranch(name="main", commit="c" * 40)
        return WorkspaceResult(
            policy=branch, base=branch.commit, time_limit_s=60, settings=self.settings, brought=self.brought
        )

    @activity.defn
    async def build_image(self, order: ImageInput) -> ImageResult:
        self.asked.append("build_image")
        self.build(order)
        await self.building.wait()
        return ImageResult(tag="image")

    @activity.defn
    async def run_agent(self, order: AgentInput) -> AgentResult:
        self.asked.append("run_agent")
        self.agent_inputs.append(order)
        self._at_work += 1
        self.most_at_once = max(self.most_at_once, self._at_work)
        try:
            return await self._work(order)
        finally:
            self._at_work -= 1

    async def _work(self, order: AgentInput) -> AgentResult:
        if order.end and self.left is not None:
            return self.left
        until = asyncio.get_running_loop().time() + self.working()
        try:
            while not self.gate.is_set() or asyncio.get_running_loop().time() < until:
                if not self.deaf:
                    activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            details = activity.cancellation_details()
            if self.worker_goes is not None:
                raise self.worker_goes from None
            if self.interrupted is None or details is None or not details.cancel_requested:
                raise
            return self.interrupted
        return self.agent(order)

    @activity.defn
    async def run_trigger(self, order: TriggerInput) -> TriggerResult:
        self.asked.append("run_trigger")
        self.trigger_inputs.append(order)
        while not self.gate.is_set():
            if not self.deaf:
                activity.heartbeat()
            await asyncio.sleep(0.05)
        return self.trigger(order)

    @activity.defn
    async def clean_up_trigger(self, order: TriggerCleanUp) -> None:
        self.triggers_cleaned.append(order)

    @activity.defn
    async def publish(self, order: PublishInput) -> PublishResult:
        self.asked.append("publish")
        follow = None
        if (on_failure := self.forge.on_failure) is not None:
            task = order.task
            follow = FollowOrder(
                thread=task.thread, repo=task.repo, pull_request=REQUEST, on_failure=on_failure, settle_s=1.0
            )
        return PublishResult(branch="airut/add", commit="d" * 40, pull_request=REQUEST, follow=follow)

    @activity.defn
    async def acknowledge(self, order: ReplyInput) -> MailNotes | None:
        self.acknowledged.append(order)
        return self.mails

    @activity.defn
    async def reply(self, order: ReplyInput) -> ReplyRecord:
        await self.sending.wait()
        self.answer(order)
        self.asked.append("reply")
        self.replies.append(order)
        return ReplyRecord(
            kind=order.kind,
            message_id="<m>",
            markdown=BLOB,
            delivered_at=datetime.now(UTC),
            attachments=order.attachments,
        )

    @activity.defn
    async def settle_question(self, order: QuestionOver) -> None:
        self.over.append(order)

    @activity.defn
    async def clean_up(self, order: CleanUpInput) -> None:
        self.tidy(order)
        self.asked.append("clean_up")
        self.cleaned.append(order)

    @activity.defn
    async def reserve_budget(self, order: BudgetRequest) -> BudgetGrant:
        self.reserved.append(order)
        return self.budget(order)

    @activity.defn
    async def settle_budget(self, order: BudgetSettlement) -> None:
        self.settled.append(order)

    @activity.defn
    async def release_budget(self, order: BudgetRelease) -> None:
        self.released.append(order)

    @activity.defn
    async def archive_thread(self, order: ArchiveOrder) -> Archived:
        self.asked.append("archive_thread")
        return Archived(transcript=BLOB, storage=BLOB)

    @activity.defn
    async def remove_thread(self, order: RemoveOrder) -> None:
        self.asked.append("remove_thread")

    @activity.defn
    async def restore_thread(self, order: RestoreOrder) -> Restored:
        self.asked.append("restore_thread")
        self.restored.append(order)
        return Restored()

    @activity.defn
    async def keep_archive(self, archive: ArchivedThread) -> None:
        self.asked.append("keep_archive")
        self.archives[archive.thread] = archive

    @activity.defn
    async def report_progress(self, order: ReportOrder) -> None:
        self.reports.append(order)

    @activity.defn
    async def show_progress(self, order: ShowOrder) -> Shown:
        if self.shows in (None, order.thread):
            self.shown.append(order)
        return self.show(order)

    @activity.defn
    async def follow_progress(self, order: ShowOrder) -> Shown:
        self.followed.append(order)
        try:
            while True:
                activity.heartbeat()
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            await asyncio.sleep(self.lets_go)
            raise

    @activity.defn
    async def recall_archive(self, thread: str) -> ArchivedThread | None:
        self.recall(thread)
        return self.archives.get(thread)


def in_turn(activities: ScriptedActivities, *results: AgentResult) -> None:
    """The agent ends like this, one after another; the last one for ever."""
    left = list(results)
    activities.agent = lambda order: left.pop(0) if len(left) > 1 else left[0]
