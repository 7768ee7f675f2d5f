"""A listener for presses on a real socket, with a thread that plays its part."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.feedback import SlackFeedback
from airut.adapters.slack.forms import SlackForms
from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.slack.web.dispatch import BoltDispatch
from airut.models.credentials.redaction import Redactor
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.models.tasks.retry import RetryOrder
from airut.models.threads.command import AnswerOrder, ThreadCommand
from airut.models.threads.message import ChannelKind
from airut.models.threads.thread import ThreadPhase, ThreadStatus
from signals.slack.answer_clicks import AnswerClicks
from signals.slack.clicks import SlackClicks
from signals.slack.link import SlackLink
from signals.slack.thread_clicks import ThreadClicks
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import SlackServer
from tests.support.slack.workspace import TEAM, Channel, Json, User


@dataclass
class Thread:
    """In the place of Temporal. `fails` is raised instead, once for each; `slow` is how long a call takes."""

    commands: list[ThreadCommand] = field(default_factory=list)
    retries: list[RetryOrder] = field(default_factory=list)
    answers: list[AnswerOrder] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    slow: float = 0.0
    shown: ThreadStatus | None = None

    async def _called(self) -> None:
        await asyncio.sleep(self.slow)
        if self.fails:
            raise self.fails.pop(0)

    async def command(self, order: ThreadCommand) -> None:
        await self._called()
        self.commands.append(order)

    async def retry(self, thread: str, order: RetryOrder) -> str:
        await self._called()
        self.retries.append(order)
        return f"{thread}/task-4"

    async def answer(self, thread: str, order: AnswerOrder) -> str:
        await self._called()
        self.answers.append(order)
        return f"{thread} goes on with this answer."

    async def status(self, thread: str) -> ThreadStatus:
        await self._called()
        return self.shown or status(thread)


def status(thread: str, **more: object) -> ThreadStatus:
    values = {"thread": thread, "repo": "web", "channel": ChannelKind.SLACK, "phase": ThreadPhase.RUNNING,
              "since": datetime.now(UTC), "subject": ""}  # fmt: skip
    return ThreadStatus.model_validate(values | more)


@dataclass
class Stage:
    server: SlackServer
    thread: Thread
    channel: Channel
    ann: User
    began: Json
    """The thread's first message."""

    @property
    def id(self) -> str:
        return f"web/slack/{TEAM}-{self.channel.id}-{self.began['ts']}"

    def say(self, *blocks: Json) -> Json:
        """Something of ours in the thread."""
        return self.server.workspace.say(self.channel, {"text": "…", "blocks": list(blocks)}, self.began["ts"])

    @property
    def told(self) -> list[tuple[str, str]]:
        """What only one person sees, and who."""
        for each in self.server.workspace.ephemeral:
            assert (each["channel"], each["thread_ts"]) == (self.channel.id, self.began["ts"])
        return [(each["user"], each["text"]) for each in self.server.workspace.ephemeral]

    async def until_told(self, count: int = 1) -> str:
        await self.server.until(lambda: len(self.told) >= count)
        return self.told[-1][1]


@asynccontextmanager
async def pressing(limit: float = 60.0) -> AsyncIterator[Stage]:
    thread = Thread()
    async with SlackServer.running() as server:
        server.workspace.trigger_life = 60.0
        ann = server.workspace.person("ann", real_name="Ann Lee")
        channel = server.workspace.channel("general", ann)
        settings = SlackChannel.model_validate(
            {
                "bot_token": Secret(BOT_TOKEN),
                "app_token": Secret(APP_TOKEN),
                "authorized": [{"workspace_members": True}],
                "api": f"{server.base}/api/",
            }
        )
        connection = SlackConnection(settings, ping=1.0)
        web = connection.web()
        directory = WebDirectory(web)
        app = connection.app(directory)
        redactor = Redactor()
        redactor.add(BOT_TOKEN)
        buttons, answers = ThreadClicks("web", thread), AnswerClicks("web", thread, SlackForms(web), redactor)
        SlackClicks("web", settings, directory, SlackFeedback(web), buttons, answers, limit).listen(app)
        link = SlackLink("web", connection.socket, BoltDispatch(app))
        listening = asyncio.create_task(link.run(lambda: None))
        await server.until(lambda: server.connections == 1)
        yield Stage(server, thread, channel, ann, server.workspace.post(channel, ann, "do it"))
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        assert server.refused == []
