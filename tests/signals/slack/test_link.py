"""One app's connection, over real sockets: how it comes up, is kept, and comes back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from airut.adapters.slack.web.connection import SlackConnection
from airut.models.credentials.secret import Secret
from airut.ports.slack_socket import Acknowledged
from signals.slack.link import LinkDelays, SlackLink
from signals.status import ListenerState
from tests.signals.slack.stage import HURRIED, QUICK, UNHURRIED, settings_of
from tests.support.slack.methods import APP_TOKEN
from tests.support.slack.server import Fault, SlackServer


@dataclass
class Line:
    """A link that runs, and what came over it."""

    slack: SlackServer
    delay: float = 0.0
    begun: int = 0
    seen: list[str] = field(default_factory=list)
    greeted: int = 0
    link: SlackLink = field(init=False)

    async def dispatch(self, envelope: Mapping[str, Any]) -> Acknowledged | None:
        self.begun += 1
        await asyncio.sleep(self.delay)
        if envelope["payload"].get("refuse"):
            return None
        if envelope["payload"].get("break"):
            raise ValueError("ours")
        self.seen.append(envelope["payload"]["text"])
        return Acknowledged(payload={"heard": True} if envelope["type"] == "interactive" else None)

    def greet(self) -> None:
        self.greeted += 1

    @asynccontextmanager
    async def running(
        self, token: Secret | None = None, ping: float = 1.0, delays: LinkDelays = QUICK
    ) -> AsyncIterator["Line"]:
        settings = settings_of(self.slack, app_token=token or Secret(APP_TOKEN))
        self.link = SlackLink("web", SlackConnection(settings, ping=ping).socket, self.dispatch, delays)
        task = asyncio.create_task(self.link.run(self.greet))
        try:
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, state: ListenerState, reason: str = "") -> None:
        await self.slack.until(lambda: self.link.status.state is state and reason in self.link.status.reason)


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer.running(ack_timeout=UNHURRIED) as server:
        yield server


async def test_what_comes_is_acknowledged_once_it_was_taken(slack: SlackServer) -> None:
    async with Line(slack).running() as line:
        await line.until(ListenerState.CONNECTED)
        event = slack.send("events_api", {"text": "a"})
        click = slack.send("interactive", {"text": "b"})
        await slack.until(lambda: event.acknowledged.is_set() and click.acknowledged.is_set())
        assert (event.response, click.response, line.seen, line.greeted) == (None, {"heard": True}, ["a", "b"], 1)
        slack.sockets.ack_timeout = HURRIED
        refused, broken = (slack.send("events_api", {name: 1}, retries=1) for name in ("refuse", "break"))
        await slack.until(lambda: refused.tries == 2 and broken.tries == 2)
        assert not refused.acknowledged.is_set()
        assert not broken.acknowledged.is_set()
    assert slack.sockets.log == ["opened", "closed"]


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_the_next_socket_is_up_before_the_old_one_is_left(slack: SlackServer, reason: str) -> None:
    async with Line(slack, delay=0.2).running() as line:
        await line.until(ListenerState.CONNECTED)
        in_hand = slack.send("events_api", {"text": "in hand"}, retries=0)
        await slack.until(lambda: in_hand.tries == 1)
        await slack.disconnect(reason)
        await slack.until(lambda: slack.sockets.log == ["opened", "opened", "closed"])
        assert in_hand.acknowledged.is_set()  # over the old socket, on which it had come
        assert (line.greeted, line.link.status.state) == (2, ListenerState.CONNECTED)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("invalid_auth", "the token is none of Slack's"),
        ("account_inactive", "install it again"),
        ("token_revoked", "set the new token"),
        ("missing_scope", "compare the app with `airut slack manifest`"),
        ("not_allowed_token_type", "app_token is xapp-…"),
    ],
)
async def test_an_app_that_has_to_be_mended_is_waited_for(slack: SlackServer, code: str, words: str) -> None:
    slack.faults += [Fault("apps.connections.open", error=code)] * 2
    async with Line(slack).running() as line:
        await line.until(ListenerState.DEGRADED, words)
        status = line.link.status
        assert status.reason.startswith(f"apps.connections.open: {code} (")
        assert status.next_try is not None
        assert (status.next_try - status.since).total_seconds() >= QUICK.refused * 0.79  # two clocks are read
        assert APP_TOKEN not in status.reason
        await line.until(ListenerState.CONNECTED)
        assert (line.link.status.reason, line.link.status.next_try) == ("", None)


async def test_socket_mode_that_is_switched_off(slack: SlackServer) -> None:
    async with Line(slack).running() as line:
        await line.until(ListenerState.CONNECTED)
        slack.socket_mode = False
        await slack.disconnect("link_disabled")
        await line.until(ListenerState.DEGRADED, "Socket Mode is off in the app's settings")
        since = line.link.status.since
        await line.until(ListenerState.DEGRADED, "apps.connections.open: link_disabled")
        assert line.link.status.since == since
        slack.socket_mode = True
        await line.until(ListenerState.CONNECTED)


async def test_nobody_answers_pings(slack: SlackServer) -> None:
    slack.sockets.deaf = True
    async with Line(slack).running(ping=0.1) as line:
        await line.until(ListenerState.CONNECTED)
        slack.sockets.deaf = False
        await line.until(ListenerState.DEGRADED, "2 pings were not answered")
        await line.until(ListenerState.CONNECTED)
        await asyncio.sleep(0.5)  # five pings, all of them answered
        assert (line.greeted, line.link.status.state) == (2, ListenerState.CONNECTED)


async def test_nobody_greets(slack: SlackServer) -> None:
    slack.sockets.greets = False
    async with Line(slack).running(delays=QUICK.model_copy(update={"hello": 0.7})) as line:
        await slack.until(lambda: slack.connections == 1)
        assert line.link.status.state is not ListenerState.CONNECTED
        await line.until(ListenerState.DEGRADED, "Slack does not greet")
        slack.sockets.greets = True
        await line.until(ListenerState.CONNECTED)


async def test_slack_is_away_at_the_start_and_says_when_to_come_again(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    away = [Fault("apps.connections.open", status=503, error="x"), Fault("apps.connections.open", status=429)]
    slack.faults += [*away, Fault("apps.connections.open", status=429, retry_after=1)]
    async with Line(slack).running() as line:
        await line.until(ListenerState.DEGRADED, "ratelimited")
        await line.until(ListenerState.CONNECTED)
        assert len(slack.faults) == 0
        await slack.cut()
        await line.until(ListenerState.DEGRADED, "Slack closed the connection")
        await line.until(ListenerState.CONNECTED)
    assert APP_TOKEN not in caplog.text


async def test_a_token_that_was_renewed_is_the_next_connections(slack: SlackServer) -> None:
    source = {"token": APP_TOKEN}
    async with Line(slack).running(Secret(lambda: source["token"])) as line:
        await line.until(ListenerState.CONNECTED)
        source["token"] = "xapp-not-yet-known"
        await slack.cut()
        await line.until(ListenerState.DEGRADED, "invalid_auth")
        source["token"] = APP_TOKEN
        await line.until(ListenerState.CONNECTED)


async def test_one_repositorys_app_does_not_touch_anothers(slack: SlackServer) -> None:
    async with Line(slack).running(Secret("xapp-wrong")) as broken, Line(slack).running() as well:
        await broken.until(ListenerState.DEGRADED, "invalid_auth")
        await well.until(ListenerState.CONNECTED)
        event = slack.send("events_api", {"text": "a"})
        await slack.until(event.acknowledged.is_set)
        assert (broken.seen, well.seen) == ([], ["a"])


async def test_draining_waits_for_the_acknowledgement_and_takes_nothing_more(slack: SlackServer) -> None:
    async with Line(slack, delay=0.2).running() as line:
        await line.until(ListenerState.CONNECTED)
        in_hand = slack.send("events_api", {"text": "in hand"})
        await slack.until(lambda: line.begun == 1)
        draining = asyncio.create_task(line.link.drain())
        await asyncio.sleep(0)
        late = slack.send("events_api", {"text": "late"}, retries=0)
        await draining
        assert line.seen == ["in hand"]
        await slack.until(in_hand.acknowledged.is_set)
        assert not late.acknowledged.is_set()
