"""What has happened to a thread's pull request: people are told, or the agent is (spec: operations §9)."""

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from airut import contracts
    from airut.models.blob import Text
    from airut.models.pull_requests.news import PullRequestNews, with_told
    from airut.models.threads.command import without_text
    from airut.models.threads.message import InboundMessage
    from airut.models.threads.state import ThreadState
    from airut.models.threads.thread import ThreadInput
    from workflows.commands import Commands


class News:
    """Belongs to one ThreadWorkflow, whose signal it takes. Answers go where the last message came from."""

    def __init__(self, thread: ThreadInput, state: ThreadState, commands: Commands) -> None:
        self._thread = thread
        self._state = state
        self._commands = commands
        workflow.set_signal_handler(contracts.NEWS, self._take)

    def _take(self, news: PullRequestNews) -> None:
        state, last = self._state, self._last()
        state.merged = news.merged or state.merged
        if last is None or state.closing or state.inbox.knows(news.key):
            return
        if news.author:
            state.accept(self._message(news, last), workflow.now())
        else:
            state.inbox.remember(news.key, workflow.now())
            state.notices.tell(last, news.text)
            state.news = with_told(state.news, news.text, workflow.now())

    def _last(self) -> InboundMessage | None:
        task = self._commands.task or (self._state.last.input if self._state.last else None)
        return task.messages[-1] if task else None

    def _message(self, news: PullRequestNews, last: InboundMessage) -> InboundMessage:
        """It is nobody's answer to the agent's question, and its author need not be told that it waits: so it only
        enters the queue."""
        now = workflow.now()
        return without_text(last).model_copy(
            update={
                "key": news.key, "also": (), "author": news.author, "participants": (), "open_to_authorized": True,
                "sent_at": now, "received_at": now, "edited": 0.0, "subject": "", "text": Text(inline=news.text),
                "follows": False, "context": None, "notify": None,
            }
        )  # fmt: skip


async def end_follow_up(thread: str) -> None:
    """A thread that has ended hears nothing any more."""
    try:
        handle = workflow.get_external_workflow_handle(contracts.follow_up_id(thread))
        await handle.signal(contracts.FOLLOWED_ENOUGH)
    except FailureError:
        workflow.logger.info("its pull request was not followed any more")
