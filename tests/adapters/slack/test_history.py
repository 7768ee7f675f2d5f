"""Reading back over the Web API: pages, limits, and what is not there any more."""

import time

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.history import PATIENCE, WebHistory
from airut.adapters.slack.web.client import SlackWebClient
from airut.adapters.slack.web.limits import RateLimits, Urgency
from airut.models.credentials.secret import Secret
from airut.ports.slack import SlackAway
from tests.support.slack.methods import BOT_TOKEN
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import Channel


@pytest.fixture
def channel(slack: SlackServer) -> Channel:
    ann = slack.workspace.person("ann")
    channel = slack.workspace.channel("general", ann)
    for number in range(5):
        slack.workspace.post(channel, ann, str(number))
    return channel


async def read(history: WebHistory, channel: Channel) -> list[str]:
    return [post["text"] async for post in history.posts(channel.id, 0.0)]


async def test_page_by_page_newest_first(slack: SlackServer, web: AsyncWebClient, channel: Channel) -> None:
    assert await read(WebHistory(web, page=2), channel) == ["4", "3", "2", "1", "0"]
    assert [given.get("limit") for method, given in slack.calls if method == "conversations.history"] == ["2"] * 3


async def test_a_limit_is_waited_for(slack: SlackServer, web: AsyncWebClient, channel: Channel) -> None:
    slack.faults.append(Fault("conversations.history", status=429, retry_after=1))
    begun = time.monotonic()
    assert len(await read(WebHistory(web), channel)) == 5
    assert time.monotonic() - begun >= 0.9


async def test_a_limit_that_lasts_is_left_for_later(slack: SlackServer, web: AsyncWebClient, channel: Channel) -> None:
    slack.faults.append(Fault("conversations.history", status=429, retry_after=int(PATIENCE) + 30))
    with pytest.raises(SlackAway, match=r"conversations\.history: ratelimited") as caught:
        await read(WebHistory(web), channel)
    assert caught.value.after == PATIENCE + 30


async def test_what_slack_counts_otherwise_than_we_do_is_learned(slack: SlackServer, channel: Channel) -> None:
    slack.limits["conversations.history"] = 2
    web = SlackWebClient(Secret(BOT_TOKEN), RateLimits(time.monotonic), Urgency.BACKFILL, 0.0, f"{slack.base}/api/")
    history = WebHistory(web, page=200)
    for _ in range(2):
        await read(history, channel)
    with pytest.raises(SlackApiError, match="ratelimited"):
        await web.conversations_history(channel=channel.id)
    asked = len(slack.calls)
    with pytest.raises(SlackAway, match="ratelimited") as caught:  # without a call: it would not be taken
        await read(history, channel)
    assert len(slack.calls) == asked
    assert caught.value.after == pytest.approx(60, abs=30)


@pytest.mark.parametrize("error", ["channel_not_found", "not_in_channel"])
async def test_a_channel_that_is_gone_has_nothing(
    slack: SlackServer, web: AsyncWebClient, channel: Channel, error: str
) -> None:
    slack.faults.append(Fault("conversations.history", error=error))
    assert await read(WebHistory(web), channel) == []


async def test_a_token_that_is_no_good_is_named_with_its_remedy(
    slack: SlackServer, web: AsyncWebClient, channel: Channel
) -> None:
    slack.faults.append(Fault("conversations.history", error="missing_scope"))
    with pytest.raises(SlackAway, match=r"missing_scope \(a scope is missing: compare the app with") as caught:
        await read(WebHistory(web), channel)
    assert caught.value.after == 300.0
