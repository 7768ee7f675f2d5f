"""An intake on an emulated workspace, with a list in the place of Temporal."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.feedback import SlackFeedback
from airut.adapters.slack.greetings import SlackGreetings
from airut.adapters.slack.history import WebHistory
from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.slack.web.dispatch import BoltDispatch
from airut.models.credentials.redaction import Redactor
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.models.threads.amendment import Amendment
from airut.models.threads.command import Submission, ThreadCommand
from airut.models.threads.message import InboundMessage, SlackRoute
from signals.slack.assistant import SlackAssistantThreads
from signals.slack.backfill import SlackBackfill
from signals.slack.gate import SlackGate
from signals.slack.handover import SlackHandover
from signals.slack.intake import Delays, SlackIntake
from signals.slack.late import SlackLate
from signals.slack.link import LinkDelays, SlackLink
from signals.slack.names import SlackNames
from signals.slack.places import SlackPlaces
from signals.slack.watermarks import Watermarks
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import SlackServer
from tests.support.slack.workspace import BOT_USER, Channel, User

MENTION = f"<@{BOT_USER}>"
QUICK = LinkDelays(reconnect=0.05, reconnect_most=0.4, refused=0.2, refused_most=0.4, stable=0.0, goodbye=30.0)

UNHURRIED, HURRIED = 10.0, 0.5
"""Seconds until an event that is not acknowledged comes again: later than on a busy machine, and where that is wanted."""


@dataclass
class Threads:
    """In the place of Temporal: what was handed over, in order and each once by its keys, and which threads are open."""

    known: set[str] = field(default_factory=set)
    accepted: list[Submission] = field(default_factory=list)
    amendments: list[Amendment] = field(default_factory=list)
    """Each try to hand one over."""
    talk: list[tuple[str, float]] = field(default_factory=list)
    """What was overheard, in whatever threads."""
    away: int = 0
    delay: float = 0.0
    begun: int = 0
    """How often a hand-over has begun."""

    async def submit(self, accepted: Submission, *, opens: bool) -> bool:
        self.begun += 1
        await asyncio.sleep(self.delay)
        if self.away:
            self.away -= 1
            raise OSError("connection refused")
        message = accepted.message if isinstance(accepted, ThreadCommand) else accepted
        if not opens and message.thread not in self._open:
            return False
        if not self.known & {message.key, *message.also}:
            self.accepted.append(accepted)
        self.known |= {message.key, *message.also}
        return True

    async def amend(self, amendment: Amendment) -> bool:
        self.amendments.append(amendment)
        return amendment.thread in self._open

    async def overheard(self, thread: str, at: float) -> None:
        self.talk.append((thread, at))

    async def open(self) -> frozenset[tuple[str, str]]:
        ids = {each.route for each in self.accepted if isinstance(each, InboundMessage)}
        return frozenset((route.channel, route.thread_ts) for route in ids if isinstance(route, SlackRoute))

    @property
    def _open(self) -> set[str]:
        return {each.thread for each in self.accepted if isinstance(each, InboundMessage)}

    @property
    def texts(self) -> list[str | None]:
        return [each.text.inline for each in self.accepted if isinstance(each, InboundMessage)]


@dataclass
class Stage:
    server: SlackServer
    threads: Threads
    intake: SlackIntake
    channel: Channel
    ann: User

    async def settled(self) -> None:
        """Until Slack has an answer to everything it sent."""
        await self.server.until(lambda: all(each.acknowledged.is_set() for each in self.server.envelopes))


def settings_of(server: SlackServer, **more: Any) -> SlackChannel:
    return settings_at(server.base, **more)


def settings_at(base: str, **more: Any) -> SlackChannel:
    return SlackChannel.model_validate(
        {
            "bot_token": Secret(BOT_TOKEN),
            "app_token": Secret(APP_TOKEN),
            "authorized": [{"workspace_members": True}],
            "channels": ["#general"],
            "api": f"{base}/api/",
            **more,
        }
    )


def intake_of(settings: SlackChannel, threads: Threads, folder: Path) -> SlackIntake:
    """As `workers.slack_wiring` makes it, but with short delays."""
    connection = SlackConnection(settings, ping=1.0)
    web = connection.web()
    directory = WebDirectory(web)
    history, feedback = WebHistory(web), SlackFeedback(web)
    gate = SlackGate("web", settings, directory, SlackPlaces(settings.channels, history), feedback)
    greetings = SlackGreetings(web, directory)
    late = SlackLate(directory, gate, greetings)
    backfill = SlackBackfill(settings, history, threads.open, Watermarks(folder / "marks.json"), late)
    redactor = Redactor()
    redactor.add(BOT_TOKEN)
    blobs = LocalBlobStore(folder / "blobs")
    handover = SlackHandover("web", directory, gate, threads, blobs, redactor, edit_tries=(0.1, 0.1))
    app = connection.app(directory)
    SlackAssistantThreads("web", settings, directory, greetings, threads.overheard).listen(app)
    link = SlackLink("web", connection.socket, BoltDispatch(app), QUICK)
    names = SlackNames("web", settings, directory, history)
    return SlackIntake(app, link, handover, backfill, names, Delays(retry=0.5, refused=0.5, unfit=0.2))


@asynccontextmanager
async def staged(folder: Path, listens: bool = True, **settings: Any) -> AsyncIterator[Stage]:
    """`listens` is whether it comes up at once."""
    async with SlackServer.running(ack_timeout=UNHURRIED) as server:
        ann = server.workspace.person("ann", real_name="Ann Lee")
        channel = server.workspace.channel("general", ann)
        threads = Threads()
        intake = intake_of(settings_of(server, **settings), threads, folder)
        running = asyncio.create_task(intake.run())
        if listens:
            # What is written from now on comes as an event alone: what was written before is read by now.
            await server.until((folder / "marks.json").exists)
            await server.until(lambda: server.connections == 1)
        yield Stage(server, threads, intake, channel, ann)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert server.refused == []
