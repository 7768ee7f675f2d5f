"""Every call goes through one place: with the present token, and when the limits allow it."""

import asyncio
import time

import pytest
from slack_sdk.errors import SlackApiError

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.slack.web.failures import SlackLimited, SlackTokenUnreadable, code, passes, retry_after
from airut.adapters.slack.web.limits import Urgency
from airut.errors import SecretError
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.ports.slack import SlackAway
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import Fault, SlackServer


def connection(slack: SlackServer, token: Secret) -> SlackConnection:
    values = {"bot_token": token, "app_token": Secret(APP_TOKEN), "authorized": [{"workspace_members": True}]}
    return SlackConnection(SlackChannel.model_validate({**values, "api": f"{slack.base}/api/"}))


async def test_what_slack_limits_is_not_asked_for_again_by_anybody(slack: SlackServer) -> None:
    found = connection(slack, Secret(BOT_TOKEN))
    slack.faults.append(Fault("auth.test", status=429, retry_after=30))
    with pytest.raises(SlackApiError) as first:
        await found.web().auth_test()
    with pytest.raises(SlackLimited) as second:
        await found.web(Urgency.PROGRESS).auth_test()
    assert (code(first.value), retry_after(first.value)) == ("ratelimited", 30)
    assert code(second.value) == "ratelimited"
    assert retry_after(second.value) == pytest.approx(30, abs=20)
    assert slack.calls == []
    await found.web().users_conversations()
    await connection(slack, Secret(BOT_TOKEN)).web().auth_test()  # another workspace's limits are its own


async def test_a_short_wait_is_waited_for(slack: SlackServer) -> None:
    found = connection(slack, Secret(BOT_TOKEN))
    channel = slack.workspace.channel("general")
    begun = time.monotonic()
    web = found.web()
    await asyncio.gather(*(web.chat_postMessage(channel=channel.id, text=text) for text in "ab"))
    assert time.monotonic() - begun > 0.9
    assert [post["text"] for post in channel.posts.values()] == ["a", "b"]


async def test_a_limit_without_a_word_how_long(slack: SlackServer) -> None:
    found = connection(slack, Secret(BOT_TOKEN))
    slack.faults.append(Fault("auth.test", status=429))
    with pytest.raises(SlackApiError):
        await found.web().auth_test()
    with pytest.raises(SlackLimited, match=r"auth\.test: not for [123]\d s"):
        await found.web().auth_test()


async def test_a_token_that_was_renewed_is_the_next_calls(slack: SlackServer) -> None:
    source = {"token": "xoxb-old"}
    web = connection(slack, Secret(lambda: source["token"])).web()
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await web.auth_test()
    source["token"] = BOT_TOKEN
    assert (await web.auth_test())["ok"]


async def test_a_token_that_cannot_be_read_is_somebodys_to_mend(slack: SlackServer) -> None:
    def fails() -> str:
        if source:
            return source[0]
        raise SecretError("repos.web.channels.slack.bot_token: file /run/token: no such file")

    source = [BOT_TOKEN]
    found = connection(slack, Secret(fails))
    source.clear()
    with pytest.raises(SlackTokenUnreadable, match="no such file") as caught:
        await found.web().auth_test()
    assert passes(caught.value)
    with pytest.raises(SlackAway, match=r"auth\.test: repos\.web\.channels\.slack\.bot_token: file"):
        await WebDirectory(found.web()).bot()
    assert slack.calls == []
