"""How a thread comes to its end: after a long quiet, or when it is closed (spec: lifecycle §2, §13)."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.base import Model
    from airut.models.threads.archive import MISSING, Archived, ArchiveOrder, RemoveOrder, lost_archive
    from airut.models.threads.archiving import answers_us, archived, reopen
    from airut.models.threads.command import Submission, ThreadCommand
    from airut.models.threads.notices import ending_soon
    from airut.models.threads.state import ThreadState
    from airut.models.threads.thread import ThreadInput
    from workflows import options
    from workflows.outcomes import reason
    from workflows.pull_request_news import end_follow_up

IDLE_NOTICE, PAUSED_NOTICE = timedelta(days=1), timedelta(days=7)
"""Before the end: a day is enough to reply; who paused something for months may be away for some of them."""

AWAY = timedelta(minutes=15)
"""A host that is away for longer is not waited for: its sweep removes what it has, and what it had is lost."""


class Deadline(Model):
    """The next moment at which a quiet thread does something by itself."""

    at: datetime
    ends: bool
    words: str = ""
    """What is told, where it is a warning."""


def next_deadline(state: ThreadState) -> Deadline | None:
    """Pure; None for a thread in which nothing has happened yet. Only work that nobody published is warned of."""
    if state.quiet_since is None:
        return None
    if state.paused:
        quiet, notice, worth_it = timedelta(seconds=state.settings.max_paused_s), PAUSED_NOTICE, True
        reason = f"it is paused since {state.paused.at:%Y-%m-%d}"
        end = state.paused.at + quiet
    else:
        quiet, notice = timedelta(seconds=state.settings.max_idle_s), IDLE_NOTICE
        worth_it = state.stored.bundle is not None
        reason = f"nothing has happened in it since {state.quiet_since:%Y-%m-%d}"
        end = state.quiet_since + quiet
    if worth_it and not state.warned and notice < quiet:
        return Deadline(at=end - notice, ends=False, words=ending_soon(notice.days, reason))
    return Deadline(at=end, ends=True)


class Ending:
    """Brings a thread's records into the archive, and back from there."""

    def __init__(self, thread: ThreadInput, state: ThreadState) -> None:
        self._thread = thread
        self._state = state
        self.losses: tuple[str, ...] = ()

    async def recall(self, early: Sequence[Submission]) -> None:
        """What was kept of an earlier life of this thread: its messages are known, and its work goes on. `early` is
        what has come by then."""
        thread = self._thread
        try:
            found = await workflow.execute_activity(
                stubs.recall_archive,
                thread.thread,
                **options.at(options.RECALL, contracts.CONTROL_QUEUE, "an earlier life?", thread.repo),
            )
        except ActivityError as error:  # for good: whoever is away is waited for
            if is_cancelled_exception(error):
                raise
            workflow.logger.error("the archive cannot be read: %s", reason(error)[1])
            found = lost_archive(thread.thread, thread.repo, thread.channel, workflow.now())
        messages = (each.message if isinstance(each, ThreadCommand) else each for each in early)
        if found is None and any(map(answers_us, messages)):
            found = lost_archive(thread.thread, thread.repo, thread.channel, workflow.now(), MISSING)
        if found is not None:
            reopen(self._state, found)

    async def end(self) -> None:
        """Keep what a later message needs, and clear the rest away. A host that is away does so when it is back. Where
        nothing was ever run, that is which commands were answered: a channel that is read again brings them again."""
        state = self._state
        if state.followed:
            await end_follow_up(self._thread.thread)
        if state.tasks == 0 and not (state.inbox.seen and workflow.patched("nothing-is-answered-twice")):
            return  # nobody has ever said anything here
        kept = Archived(transcript=state.stored.transcript, storage=state.stored.storage)
        if state.host is not None:
            order = ArchiveOrder(thread=self._thread.thread, repo=self._thread.repo, session_id=state.session_id)
            try:
                kept = await self._on_host(stubs.archive_thread, order, "archive the thread")
            except ActivityError as error:
                lost = f"files in /storage: the host {state.host} could not be asked ({reason(error)[1]})"
                kept = kept.model_copy(update={"losses": (lost,)})
        agent = state.last.result.agent if state.last else None
        if agent and agent.uncommitted and not state.stored.changes:
            lost = f"changes that were not committed, in {agent.uncommitted} file(s): too large to keep"
            kept = kept.model_copy(update={"losses": (*kept.losses, lost)})
        self.losses = kept.losses
        archive = archived(state, self._thread, kept, workflow.now())
        await workflow.execute_activity(
            stubs.keep_archive,
            archive,
            **options.at(options.CLEAN_UP, contracts.CONTROL_QUEUE, "keep the archive", self._thread.repo),
        )
        if state.host is not None:
            removal = RemoveOrder(thread=self._thread.thread, repo=self._thread.repo)
            try:
                await self._on_host(stubs.remove_thread, removal, "clear the workspace away")
            except ActivityError as error:
                workflow.logger.error("not cleared away: %s", reason(error)[1])
        state.host, state.losses = None, archive.losses
        state.stored = state.stored.model_copy(update={"transcript": archive.transcript, "storage": archive.storage})

    async def _on_host[Order, Result](
        self, stub: Callable[[Order], Awaitable[Result]], order: Order, summary: str
    ) -> Result:
        queue = contracts.host_queue(self._state.host or "")
        config = options.at(options.CLEAN_UP, queue, summary, self._thread.repo)
        config["schedule_to_start_timeout"] = AWAY
        return await workflow.execute_activity(stub, order, **config)
