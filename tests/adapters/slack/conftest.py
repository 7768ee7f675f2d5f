"""A workspace on a socket, and our ends of it."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.web.connection import SlackConnection
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import SlackServer


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer.running() as server:
        yield server
        assert server.refused == []


@pytest.fixture
def web(slack: SlackServer) -> AsyncWebClient:
    settings = SlackChannel.model_validate(
        {
            "bot_token": Secret(BOT_TOKEN),
            "app_token": Secret(APP_TOKEN),
            "authorized": [{"workspace_members": True}],
            "api": f"{slack.base}/api/",
        }
    )
    return SlackConnection(settings).web()
