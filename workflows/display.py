"""What a thread shows of itself: its status, and the Temporal UI (spec: lifecycle §2)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.tasks.page import thread_page
    from airut.models.tasks.task import TaskResult
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.notices import first_line
    from airut.models.threads.state import ThreadState
    from airut.models.threads.thread import QueuedMessage, ThreadInput, ThreadPhase, ThreadStatus
    from workflows.commands import Commands


class Display:
    """Belongs to one ThreadWorkflow. `since` is when the last task began or ended."""

    def __init__(self, thread: ThreadInput, state: ThreadState, commands: Commands) -> None:
        self._thread = thread
        self._state = state
        self._commands = commands
        self.since: datetime = workflow.now()
        self.ended = False

    @property
    def phase(self) -> ThreadPhase:
        if self.ended:
            return ThreadPhase.ENDED
        if self._state.paused:
            return ThreadPhase.PAUSED
        return ThreadPhase.RUNNING if self._commands.task else ThreadPhase.IDLE

    def status(self, early: Sequence[InboundMessage]) -> ThreadStatus:
        """`early` are messages that are not in the queue yet."""
        state, task, told = self._state, self._commands.task, self._commands.status
        return ThreadStatus(
            thread=self._thread.thread,
            repo=self._thread.repo,
            channel=self._thread.channel,
            phase=self.phase,
            since=state.paused.at if state.paused else self.since,
            subject=state.subject,
            queue=tuple(_queued(message) for message in (*state.inbox.queue, *early)),
            task=task.id if task else None,
            open_task=told if task else None,
            question=told.question if task and told else None,
            waiting=self._commands.summary(),
            next_command=self._commands.next_command(),
            commands=tuple(state.commands),
            tasks=state.tasks,
            recent=tuple(state.recent),
            usage=state.usage,
            host=state.host,
            branch=state.branch,
            pull_request=state.pull_request,
            last_reply=state.last_reply,
            news=state.news,
            bounces=state.bounces,
            settings=state.settings,
        )

    def show(self, result: TaskResult | None = None) -> None:
        """Tell the Temporal UI. `result` is that of a task that has just closed."""
        state, phase = self._state, self.phase
        since = state.paused.at if state.paused else self.since
        lines = [f"**{phase}** since {since:%Y-%m-%d %H:%M} UTC, task {state.tasks}, {len(state.inbox.queue)} waiting"]
        if self._commands.task and self._commands.status:
            lines.append(f"task {state.tasks}: {self._commands.status.step} {self._commands.status.detail}".rstrip())
        if state.recent:
            lines.append(f"last outcome: `{state.recent[-1].outcome}`, ${state.usage.cost_usd:.2f} so far")
        lines += [f"task {bounce.task}: {bounce.words}" for bounce in state.bounces]
        if state.pull_request:
            lines.append(f"[pull request #{state.pull_request.number}]({state.pull_request.url})")
        if page := thread_page(state.settings.dashboard, self._thread.thread):
            lines.append(f"[dashboard]({page})")
        workflow.set_current_details("\n\n".join(lines))
        found: list[SearchAttributeUpdate[Any]] = []
        if workflow.info().typed_search_attributes.get(contracts.STATE) != str(phase):
            found.append(contracts.STATE.value_set(phase))
        if state.host and workflow.info().typed_search_attributes.get(contracts.HOST) != state.host:
            found.append(contracts.HOST.value_set(state.host))  # another host that still has something lets go of it
        if result:
            found += [contracts.OUTCOME.value_set(result.outcome), contracts.COST.value_set(state.usage.cost_usd)]
            if state.pull_request:
                found.append(contracts.PULL_REQUEST.value_set(state.pull_request.url))
        if found:
            workflow.upsert_search_attributes(found)


def _queued(message: InboundMessage) -> QueuedMessage:
    return QueuedMessage(author=message.author, sent_at=message.sent_at, first_line=first_line(message))
