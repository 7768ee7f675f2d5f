"""What a message that waits still lacks: its files, and what was said before it (spec: slack §2, §5)."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.contracts import stubs
    from airut.models.blob import Text
    from airut.models.tasks.steps import FetchInput
    from airut.models.threads.earlier import EarlierInput, unreadable
    from airut.models.threads.message import ChannelKind, InboundMessage, SlackRoute
    from airut.models.threads.notices import NOTHING_SAID
    from airut.models.threads.state import ThreadState
    from workflows import options
    from workflows.outcomes import reason

FILES_MOST = 100
"""Of one message with what stands before it; a task's inbox is not for more."""


class Arrivals:
    """Belongs to one ThreadWorkflow. Both are had as soon as the thread has the message: it can still be changed or
    taken back meanwhile, and its task need not wait for a slow service."""

    def __init__(self, state: ThreadState) -> None:
        self._state = state
        self.busy = False

    def take_in(self, message: InboundMessage) -> bool:
        """Of a message that is queued now. False: it says nothing, and nothing was said before it; it is gone."""
        if not message.follows:
            self._has_heard(message)
        elif self._knows_all():
            message = self._without(message)
        return not self._is_void(message) or self._refused(message)

    def _knows_all(self) -> bool:
        """Whether nobody has said anything besides that a task has to know."""
        return self._state.attends and self._state.overheard <= self._state.heard

    def _without(self, message: InboundMessage) -> InboundMessage:
        self._has_heard(message)
        message = message.model_copy(update={"follows": False})
        self._state.inbox.replace(message.key, message)
        return message

    def _has_heard(self, message: InboundMessage) -> None:
        if isinstance(message.route, SlackRoute):
            self._state.heard = max(self._state.heard, float(message.route.ts))
            self._state.attends = True

    async def run(self) -> None:
        """One message at a time, beside all else."""
        while True:
            await workflow.wait_condition(lambda: self._first() is not None)
            if (message := self._first()) is not None:
                self.busy = True
                whole = await self._whole(message)
                self.busy = False
                # Changed or taken back meanwhile, it is not the same any more.
                if self._state.inbox.waiting(message.key) == message:
                    self._state.inbox.replace(message.key, whole)
                    if self._is_void(whole):
                        self._refused(whole)

    def _first(self) -> InboundMessage | None:
        return next((message for message in self._state.inbox.queue if message.lacks), None)

    async def _whole(self, message: InboundMessage) -> InboundMessage:
        if message.follows:
            message = await self._with_context(message)
        return await self._with_files(message) if message.files else message

    async def _with_context(self, message: InboundMessage) -> InboundMessage:
        state, route = self._state, message.route
        if not isinstance(route, SlackRoute) or self._knows_all():
            self._has_heard(message)
            return message.model_copy(update={"follows": False})
        order = EarlierInput(
            repo=message.repo,
            channel=message.channel,
            route=route,
            since=state.heard,
            everything=not state.attends,
        )
        try:
            found = await workflow.execute_activity(
                stubs.read_earlier,
                order,
                **options.at(options.EARLIER, contracts.CONTROL_QUEUE, "what was said before", message.repo),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._has_heard(message)
            told = Text(inline=unreadable(reason(error)[1][:300]))
            return message.model_copy(update={"follows": False, "context": told})
        self._has_heard(message)
        files = (*found.files, *message.files)[-FILES_MOST:]
        return message.model_copy(update={"follows": False, "context": found.context, "files": files})

    async def _with_files(self, message: InboundMessage) -> InboundMessage:
        try:
            fetched = await workflow.execute_activity(
                stubs.fetch_files,
                FetchInput(repo=message.repo, channel=message.channel, files=message.files),
                **options.at(options.FILES, contracts.CONTROL_QUEUE, f"{len(message.files)} files", message.repo),
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            note = f"the files of a message could not be had: {reason(error)[1][:300]}"
            return message.model_copy(update={"files": (), "notes": (*message.notes, note)})
        return message.model_copy(
            update={
                "files": (),
                "attachments": (*message.attachments, *fetched.attachments),
                "notes": (*message.notes, *fetched.notes),
            }
        )

    def _is_void(self, message: InboundMessage) -> bool:
        """Nothing but our name."""
        if message.channel is not ChannelKind.SLACK or message.lacks or message.context or message.attachments:
            return False
        return not (message.text.inline is None or message.text.inline.strip())

    def _refused(self, message: InboundMessage) -> bool:
        self._state.inbox.withdraw(message.key)
        self._state.begin_anew()
        self._state.notices.tell(message, "\n\n".join((NOTHING_SAID, *message.notes)))
        return False
