"""An app's connection to Slack, for as long as the process lives (spec: slack §2): one socket after the other, the next
one up before the last is left. What comes is dispatched, and acknowledged once it was taken."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from airut.models.base import Model
from airut.ports.slack_socket import Dispatch, OpenSocket, SlackSocket, SocketLost, SocketRefused
from signals.backoff import Backoff
from signals.status import ListenerState, ListenerStatus

logger = logging.getLogger(__name__)

LINK_DISABLED = "Socket Mode is off in the app's settings"


class LinkDelays(Model):
    """Seconds. Reconnecting doubles from `reconnect` to `reconnect_most`, and from `refused` to `refused_most` where
    the app has to be mended."""

    reconnect: float = 1.0
    reconnect_most: float = 60.0
    refused: float = 60.0
    refused_most: float = 300.0
    stable: float = 60.0
    """Connected so long, the next loss starts anew at `reconnect`."""
    hello: float = 30.0
    """Until Slack has greeted; the Web API has as long for a call."""
    goodbye: float = 3.0
    """For what is in hand: Slack itself waits three seconds for an acknowledgement."""


class _Line:
    """One socket, from its opening to its end."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        """Slack has greeted."""
        self.over = asyncio.Event()
        """Another is wanted: this one is gone, or Slack asks us to leave it."""
        self.lost: SocketLost | None = None
        self.in_hand: set[asyncio.Task[None]] = set()
        self.task: asyncio.Task[None] | None = None

    def end(self, why: SocketLost | None) -> None:
        self.lost = why
        self.over.set()

    async def opened(self, limit: float) -> bool:
        """Whether it came up."""
        waits = [asyncio.create_task(event.wait()) for event in (self.up, self.over)]
        try:
            await asyncio.wait(waits, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self.up.is_set() and self.lost is None:
            self.lost = SocketLost("Slack does not greet")
        return self.up.is_set()


class SlackLink:
    """Call `run` as a task of its own; cancel it to stop. `status` is always current."""

    def __init__(
        self, repo: str, open_socket: OpenSocket, dispatch: Dispatch, delays: LinkDelays | None = None
    ) -> None:
        self._repo = repo
        self._open_socket = open_socket
        self._dispatch = dispatch
        self._delays = delays or LinkDelays()
        self._lines: set[_Line] = set()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._closing = False
        self._greeted: Callable[[], None] = lambda: None
        self.status = ListenerStatus(state=ListenerState.CONNECTING, since=_now())

    async def run(self, greeted: Callable[[], None]) -> NoReturn:
        """`greeted` is called for each new connection, once it hears."""
        self._greeted = greeted
        delays = self._delays
        backoff = Backoff(delays.reconnect, delays.reconnect_most, delays.refused, delays.refused_most)
        async with asyncio.TaskGroup() as sockets:
            before: _Line | None = None
            while True:
                line = _Line()
                line.task = sockets.create_task(self._serve(line))
                begun = asyncio.get_running_loop().time()
                if await line.opened(delays.hello):
                    if before is not None:
                        sockets.create_task(self._leave(before))
                    before = line
                    await line.over.wait()
                else:
                    line.task.cancel()
                lasted = asyncio.get_running_loop().time() - begun
                if line.up.is_set() and lasted >= delays.stable:
                    backoff.reset()
                if line.lost is not None or lasted < delays.stable:
                    await self._pause(line.lost, backoff)

    async def drain(self) -> None:
        """Take nothing further in hand; return when what was is acknowledged. Then cancel `run`."""
        self._closing = True
        await _settled(self._in_hand)

    async def _pause(self, lost: SocketLost | None, backoff: Backoff) -> None:
        """Until the next try. While an older socket still hears, nothing is degraded."""
        wait = backoff.next(refused=isinstance(lost, SocketRefused))
        if lost is not None:
            wait = max(wait, lost.after or 0.0)
        if lost is not None and not any(line.up.is_set() and line.lost is None for line in self._lines):
            self.status = self.status.degraded(lost.reason, _now() + timedelta(seconds=wait), _now())
            logger.warning("Slack of %s: %s; next try in %.0f s", self._repo, lost.reason, wait)
        await asyncio.sleep(wait)

    async def _serve(self, line: _Line) -> None:
        """What comes over one socket, until it ends; why it did is in `line`."""
        self._lines.add(line)
        try:
            async with self._open_socket() as socket:
                while True:
                    self._take(line, socket, await socket.receive())
        except SocketLost as error:
            line.end(error)
        except Exception as error:  # process boundary: one socket's defect must not end the listener
            logger.exception("Slack's socket of %s failed", self._repo)
            line.end(SocketLost(type(error).__name__))
        finally:
            self._lines.discard(line)

    def _take(self, line: _Line, socket: SlackSocket, message: Mapping[str, Any]) -> None:
        """Raises: SocketRefused"""
        match message.get("type"):
            case "hello":
                line.up.set()
                self.status = self.status.connected(_now())
                logger.info("Slack of %s: connected", self._repo)
                self._greeted()
            case "disconnect":
                reason = message.get("reason")
                logger.info("Slack of %s asks for another connection: %s", self._repo, reason)
                if reason == "link_disabled":
                    raise SocketRefused(LINK_DISABLED)
                line.end(None)
            case _ if message.get("envelope_id") and not self._closing:
                task = asyncio.create_task(self._handle(socket, message))
                for in_hand in (line.in_hand, self._in_hand):
                    in_hand.add(task)
                    task.add_done_callback(in_hand.discard)

    async def _handle(self, socket: SlackSocket, envelope: Mapping[str, Any]) -> None:
        try:
            taken = await self._dispatch(envelope)
            if taken is not None:
                await socket.acknowledge(str(envelope["envelope_id"]), taken.payload)
        except SocketLost as error:
            logger.info("Slack was not told, and sends it again: %s", error.reason)
        except Exception:  # boundary of one envelope: it stays unacknowledged, and comes again
            logger.exception("an envelope of %s failed", self._repo)

    async def _leave(self, line: _Line) -> None:
        """A socket in whose place there is another."""
        await _settled(line.in_hand, self._delays.goodbye)
        if line.task is not None:
            line.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await line.task


async def _settled(tasks: set[asyncio.Task[None]], limit: float | None = None) -> None:
    if tasks:
        await asyncio.wait(set(tasks), timeout=limit)


def _now() -> datetime:
    return datetime.now(UTC)
