"""The one place through which calls of the Web API go: with the token as it is now, when the limits allow it."""

import asyncio
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from airut.adapters.slack.web.failures import SlackLimited, SlackTokenUnreadable, retry_after
from airut.adapters.slack.web.limits import RateLimits, Urgency
from airut.errors import SecretError
from airut.models.credentials.secret import Secret

CALL_LIMIT = 30
"""Seconds for one call."""
UNSAID = 30.0
"""Seconds that a limit is taken to last where Slack does not say."""


class SlackWebClient(AsyncWebClient):
    """`patience` is how many seconds a call waits at most for its turn; after that it raises `SlackLimited`, so that
    whoever called can let go of what it holds meanwhile."""

    def __init__(self, token: Secret, limits: RateLimits, urgency: Urgency, patience: float, api: str) -> None:
        # No retries of its own: whoever calls knows whether trying again is safe, and holds no worker meanwhile.
        super().__init__(base_url=api, timeout=CALL_LIMIT, retry_handlers=[])
        self._secret = token
        self._limits = limits
        self._urgency = urgency
        self._patience = patience

    async def api_call(self, api_method: str, **given: Any) -> AsyncSlackResponse:
        """
        Raises:
            SlackLimited: not within `patience`.
            SlackTokenUnreadable: the operator has to mend the token's source.
        """
        arguments = given.get("json") or given.get("params") or given.get("data") or {}
        await self._turn(api_method, str(arguments.get("channel") or ""))
        try:
            self.token = self._secret.reveal()  # its source may have another than a moment ago
        except SecretError as error:
            raise SlackTokenUnreadable(str(error)) from None
        try:
            return await super().api_call(api_method, **given)
        except SlackApiError as error:
            if error.response.status_code == 429:
                after = retry_after(error)
                self._limits.refused(api_method, UNSAID if after is None else after)
            raise

    async def _turn(self, method: str, channel: str) -> None:
        turn = self._limits.ask(method, channel, self._urgency)
        left = self._patience
        try:
            while (wait := self._limits.wait(turn)) > 0:
                if wait > left:
                    raise SlackLimited(method, wait)
                left -= wait
                await asyncio.sleep(wait)
            self._limits.go(turn)
        finally:
            self._limits.leave(turn)
