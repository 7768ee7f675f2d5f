"""The post that a schedule's thread begins with: one, however often it is asked for."""

from datetime import UTC, datetime

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.history import WebHistory
from airut.adapters.slack.openings import SlackOpenings
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.schedules.firing import Opening
from airut.models.threads.message import SlackRoute
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import BOT_USER, TEAM


def opening(place: str, key: str = "k1") -> Opening:
    return Opening(repo="web", place=place, subject="Look <at> it", key=key, begun=datetime.now(UTC))


@pytest.fixture
def openings(web: AsyncWebClient) -> SlackOpenings:
    return SlackOpenings(web, WebDirectory(web), WebHistory(web))


async def test_a_post_is_made_once_and_says_where_it_stands(slack: SlackServer, openings: SlackOpenings) -> None:
    channel = slack.workspace.channel("dev")
    first = await openings.open(opening("#dev"))
    (post,) = channel.posts.values()
    assert first == SlackRoute(
        team=TEAM, channel=channel.id, thread_ts=post["ts"], ts=post["ts"], user=BOT_USER, opens=True
    )
    assert (post["text"], post["blocks"][0]["text"]["text"]) == ("Look <at> it", "*Look &lt;at&gt; it*")
    assert await openings.open(opening(channel.id)) == first
    other = await openings.open(opening("#dev", key="k2"))
    assert (other.ts != first.ts, len(channel.posts)) == (True, 2)


async def test_one_whose_end_nobody_knows_is_found(slack: SlackServer, openings: SlackOpenings) -> None:
    channel = slack.workspace.channel("dev")
    slack.faults.append(Fault("chat.postMessage", after_effect=True))
    with pytest.raises(DeliveryDeferred):
        await openings.open(opening("#dev"))
    assert (await openings.open(opening("#dev"))).ts == next(iter(channel.posts))
    assert len(channel.posts) == 1


async def test_where_nothing_can_be_posted(slack: SlackServer, openings: SlackOpenings) -> None:
    slack.workspace.channel("old").archived = True
    slack.workspace.channel("closed", bot=False)
    slack.workspace.channel("dev")
    for place, words in (("#nowhere", "the app is in no channel #nowhere"), ("#closed", "the app is in no channel")):
        with pytest.raises(DeliveryRefused, match=f"{words}.*invite the app there"):
            await openings.open(opening(place))
    slack.faults.append(Fault("chat.postMessage", error="is_archived"))
    with pytest.raises(DeliveryRefused, match="nothing can be posted in #dev: it is archived; invite"):
        await openings.open(opening("#dev"))
    slack.faults.append(Fault("users.conversations", status=503))
    with pytest.raises(DeliveryDeferred):
        await openings.open(opening("#dev"))
