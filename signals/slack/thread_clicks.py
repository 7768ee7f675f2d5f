"""What the buttons beside a task do (spec: slack §9): a command or a retry of the thread that they stand in."""

from airut.models.slack.thread_button import ThreadButton, Verb, read_button
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import CommandName, ThreadCommand
from airut.ports.slack import SlackBot
from airut.ports.thread_control import ThreadAway, ThreadControl, ThreadGone
from signals.slack.clicks import Carried
from signals.slack.presses import Press, as_message, key_of

UNDER_WAY = {
    Verb.PAUSE: "Task {} pauses as soon as it can.",
    Verb.RESUME: "Task {} goes on.",
    Verb.STOP: "Task {} is being stopped.",
}
"""While a command has not reached its state."""


class ThreadClicks:
    def __init__(self, repo: str, threads: ThreadControl) -> None:
        self._repo = repo
        self._threads = threads

    async def __call__(self, press: Press, author: str, bot: SlackBot) -> Carried | None:
        """None: nothing that we have put there. Raises: as `ThreadControl`"""
        button = read_button(press.action_id, press.value)
        if button is None or button.thread != press.thread(self._repo, bot):
            return None
        if button.verb is Verb.RETRY:
            return await self._retry(button, author)
        return await self._command(button, press, author, bot)

    async def _command(self, button: ThreadButton, press: Press, author: str, bot: SlackBot) -> Carried:
        # A task is stopped once. A pause that was resumed can come again, so there each press counts for itself; the
        # second one of a double click finds its state reached.
        once = button.verb is Verb.STOP
        key = key_of(button.verb, button.thread, button.task, *(() if once else (press.user, press.at)))
        message = as_message(press, key, button.thread, self._repo, bot, author)
        name = CommandName(button.verb)
        await self._threads.command(ThreadCommand(name=name, message=message, task=button.task, answered=False))

        async def told() -> str:
            try:
                status = await self._threads.status(button.thread)
            except (ThreadAway, ThreadGone):  # it is taken all the same
                return UNDER_WAY[button.verb].format(button.task)
            said = (record.said for record in status.commands if record.key == key)
            return next(said, UNDER_WAY[button.verb].format(button.task))

        return Carried(later=told)

    async def _retry(self, button: ThreadButton, author: str) -> Carried:
        key = key_of(button.verb, button.thread, button.task)
        order = RetryOrder(key=key, author=author, task=button.task, operator=False)
        new = (await self._threads.retry(button.thread, order)).rpartition("-")[2]
        return Carried(said=f"Task {new} does task {button.task} again.")
