"""The way to one Slack app: its Web API client, its Bolt app, its socket. Tokens are revealed here and nowhere else."""

import logging
import time
from contextlib import AbstractAsyncContextManager

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.client import CALL_LIMIT, SlackWebClient
from airut.adapters.slack.web.limits import RateLimits, Urgency
from airut.adapters.slack.web.socket import admitted, opened
from airut.models.slack.settings import SlackChannel
from airut.ports.slack import SlackDirectory
from airut.ports.slack_socket import SlackSocket

PING = 30.0
"""Seconds between two pings of the socket."""
PATIENCE = 5.0
"""Seconds that a call waits for its turn: some messages into one channel, and no longer than a worker may be held."""

logger = logging.getLogger(__name__)


class SlackConnection:
    """`ping` is the time between two pings of the socket."""

    def __init__(self, settings: SlackChannel, limits: RateLimits | None = None, ping: float = PING) -> None:
        """`limits` are the app's, whoever calls in this process."""
        self._settings = settings
        self._api = settings.api
        self._ping = ping
        self._limits = limits or RateLimits(time.monotonic, restricted=settings.history_tier == "restricted")

    def web(self, urgency: Urgency = Urgency.ANSWER, patience: float = PATIENCE) -> SlackWebClient:
        """A client with the bot's token."""
        return SlackWebClient(self._settings.bot_token, self._limits, urgency, patience, self._api)

    def app(self, directory: SlackDirectory) -> AsyncApp:
        """Bolt's app. With `process_before_response` it acknowledges an event after its listener has returned; without,
        before, and a crash in between would lose it. It asks us who we are: its own way, it acknowledges every event
        that comes while `auth.test` fails."""

        async def authorize() -> AuthorizeResult:
            bot = await directory.bot()
            return AuthorizeResult(
                enterprise_id=None,
                team_id=bot.team,
                bot_user_id=bot.user,
                bot_id=bot.bot,
                bot_token=self._settings.bot_token.reveal(),
            )

        client = AsyncWebClient(base_url=self._api, timeout=CALL_LIMIT)
        return AsyncApp(client=client, authorize=authorize, process_before_response=True, logger=logger)

    def socket(self) -> AbstractAsyncContextManager[SlackSocket]:
        """A connection of Socket Mode for the app, which goes by its own token. Raises on entering: SocketLost"""
        return opened(self._api, self._settings.app_token, self._ping)

    async def admitted(self) -> None:
        """Whether Slack would let the app connect. Raises: SocketLost"""
        await admitted(self._api, self._settings.app_token)
