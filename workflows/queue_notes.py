"""Mails that wait behind a task are acknowledged while they do: place, and why (spec: email §9)."""

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from airut.models.threads.message import ChannelKind, InboundMessage
    from airut.models.threads.notices import waits_in_queue
    from airut.models.threads.records import QueueNote
    from airut.models.threads.state import ThreadState
    from workflows.commands import Commands


class QueueNotes:
    """Belongs to one ThreadWorkflow."""

    def __init__(self, state: ThreadState, commands: Commands) -> None:
        self._state = state
        self._commands = commands

    def queued(self, message: InboundMessage) -> None:
        """It waits now. Where it is taken up soon, nobody is told."""
        rules, now = self._state.settings.mails, workflow.now()
        if message.channel is not ChannelKind.EMAIL or message.opens or rules is None or rules.queued_after is None:
            return
        if self._commands.task is not None:  # else it is taken up at once, or in a pause, which is told otherwise
            due = now + timedelta(seconds=rules.queued_after)
            self._state.queue_notes.append(QueueNote(key=message.key, due=due))

    async def run(self) -> None:
        """One at a time: what came first is due first."""
        notes = self._state.queue_notes
        while True:
            await workflow.wait_condition(lambda: bool(notes))
            note = notes[0]
            if (left := note.due - workflow.now()) > timedelta() and self._place(note):
                await self._changed(note, left)
            notes.pop(0)
            self._tell(note)

    async def _changed(self, note: QueueNote, left: timedelta) -> None:
        try:
            await workflow.wait_condition(
                lambda: not self._place(note), timeout=left, timeout_summary="a mail waits for its turn"
            )
        except TimeoutError:
            return

    def _tell(self, note: QueueNote) -> None:
        state, place = self._state, self._place(note)
        if place and not state.paused and not state.closing:
            words = waits_in_queue(place, state.tasks, self._commands.status)
            state.notices.tell(state.inbox.queue[place - 1], words)

    def _place(self, note: QueueNote) -> int:
        """Counted from one; 0 when it does not wait any more."""
        keys = [message.key for message in self._state.inbox.queue]
        return keys.index(note.key) + 1 if note.key in keys else 0
