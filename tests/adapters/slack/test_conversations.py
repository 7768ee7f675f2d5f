"""What was written in a thread before somebody called us, read from the emulated workspace."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.conversations import KEPT, READ, VIEW, SlackConversations
from airut.adapters.slack.directory import WebDirectory
from airut.errors import HistoryRefused, HistoryUnavailable
from airut.models.credentials.secret import Secret
from airut.models.slack.settings import SlackChannel
from airut.models.threads.earlier import Earlier, EarlierInput
from airut.models.threads.message import ChannelKind, SlackRoute
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import BOT_USER, TEAM, Channel, Json


def conversations(web: AsyncWebClient, **settings: object) -> SlackConversations:
    values = {
        "bot_token": Secret(BOT_TOKEN),
        "app_token": Secret(APP_TOKEN),
        "authorized": [{"workspace_members": True}],
        **settings,
    }
    return SlackConversations(SlackChannel.model_validate(values), web, WebDirectory(web))


def before(channel: Channel, post: Json, since: float = 0.0, *, everything: bool = True) -> EarlierInput:
    route = SlackRoute(
        team=TEAM, channel=channel.id, thread_ts=post.get("thread_ts", post["ts"]), ts=post["ts"], user=post["user"]
    )
    return EarlierInput(repo="web", channel=ChannelKind.SLACK, route=route, since=since, everything=everything)


def said(earlier: Earlier) -> list[tuple[str, str, list[str]]]:
    return [(post.author, post.text, [file.name for file in post.files]) for post in earlier.posts]


async def test_a_foreign_thread(slack: SlackServer, web: AsyncWebClient) -> None:
    space = slack.workspace
    ann, bo = space.person("ann", display_name="Ann"), space.person("bo", display_name="Bo")
    channel = space.channel("general", ann, bo)
    begun = space.post(channel, ann, "is it &lt;broken&gt;?", files=[slack.upload("log.txt", b"x", "text/plain")])
    space.post(channel, bo, f"<@{ann.id}> yes, see <https://a.test|this>", thread=begun["ts"])
    space.say(channel, {"text": "a bot's"}, begun["ts"])
    space.post(channel, bo, "joined", thread=begun["ts"], subtype="channel_join")
    trigger = space.post(channel, bo, f"<@{BOT_USER}> mend it", thread=begun["ts"])
    space.post(channel, ann, "later", thread=begun["ts"])
    assert said(await conversations(web).earlier(before(channel, trigger))) == [
        ("Ann", "is it <broken>?", ["log.txt"]),
        ("Bo", "@Ann yes, see this (https://a.test)", []),
    ]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["@bo what do you think?", "// or not"]),
        ({"ignore_prefix": "--"}, ["@bo what do you think?"]),
        ({"sticky": "mention"}, ["@bo what do you think?", "// or not", "go on"]),
    ],
)
async def test_in_our_own_thread_what_was_not_meant_for_us(
    slack: SlackServer, web: AsyncWebClient, settings: dict[str, object], expected: list[str]
) -> None:
    space = slack.workspace
    ann, bo = space.person("ann"), space.person("bo")
    channel = space.channel("general", ann, bo)
    begun = space.post(channel, ann, f"<@{BOT_USER}> do it")
    space.post(channel, ann, "// before", thread=begun["ts"])
    last = space.post(channel, ann, f"<@{BOT_USER}> again", thread=begun["ts"])
    for text in (f"<@{bo.id}> what do you think?", "// or not", "go on", f"<@{BOT_USER}> stop"):
        space.post(channel, ann, text, thread=begun["ts"])
    trigger = space.post(channel, ann, "well?", thread=begun["ts"])
    order = before(channel, trigger, since=float(last["ts"]), everything=False)
    assert [text for _, text, _ in said(await conversations(web, **settings).earlier(order))] == expected


async def test_a_long_thread_is_read_in_pages_and_cut(slack: SlackServer, web: AsyncWebClient) -> None:
    space = slack.workspace
    ann = space.person("ann")
    channel = space.channel("general", ann)
    begun = space.post(channel, ann, "0")
    for number in range(1, 450):
        space.post(channel, ann, str(number), thread=begun["ts"])
    trigger = space.post(channel, ann, f"<@{BOT_USER}> sum up", thread=begun["ts"])
    earlier = await conversations(web).earlier(before(channel, trigger))
    assert [post.text for post in earlier.posts] == [str(number) for number in range(250, 450)]
    assert (earlier.left_out, earlier.unread, len(earlier.posts)) == (250, False, KEPT)
    for number in range(READ):
        space.post(channel, ann, str(number), thread=begun["ts"])
    trigger = space.post(channel, ann, f"<@{BOT_USER}> sum up", thread=begun["ts"])
    earlier = await conversations(web).earlier(before(channel, trigger))
    assert (earlier.left_out, earlier.unread) == (READ - KEPT, True)
    reads = [given for method, given in slack.calls if method == "conversations.replies"]
    assert [int(given["limit"]) for given in reads] == [200] * 8


async def test_an_app_with_few_calls_reads_little(slack: SlackServer, web: AsyncWebClient) -> None:
    space = slack.workspace
    ann = space.person("ann")
    channel = space.channel("general", ann)
    begun = space.post(channel, ann, "0")
    for number in range(1, 100):
        space.post(channel, ann, str(number), thread=begun["ts"])
    trigger = space.post(channel, ann, f"<@{BOT_USER}> sum up", thread=begun["ts"])
    earlier = await conversations(web, history_tier="restricted").earlier(before(channel, trigger))
    assert (len(earlier.posts), earlier.unread) == (60, True)
    assert [method for method, _ in slack.calls].count("conversations.replies") == 4


async def test_the_channel_in_view_is_known_from_our_greeting(slack: SlackServer, web: AsyncWebClient) -> None:
    space = slack.workspace
    ann = space.person("ann")
    general, hidden = space.channel("general", ann), "C0HIDDEN"
    direct = space.direct(ann)
    for view, told in ((general.id, "the channel #general"), (hidden, f"the channel {hidden}")):
        root = space.post(direct, ann, "")
        metadata = {"event_type": VIEW, "event_payload": {"channel": view}}
        space.say(direct, {"text": "Hello!", "metadata": metadata}, root["ts"])
        space.post(direct, ann, "first", thread=root["ts"])
        trigger = space.post(direct, ann, "second", thread=root["ts"])
        order = before(direct, trigger, since=float(trigger["ts"]) - 0.000_001, everything=False)
        assert await conversations(web).earlier(order) == Earlier(in_view=told)


async def test_what_slack_answers_instead(slack: SlackServer, web: AsyncWebClient) -> None:
    space = slack.workspace
    ann = space.person("ann")
    channel = space.channel("general", ann)
    trigger = space.post(channel, ann, "hello", thread="1.000000")
    order = before(channel, trigger)
    slack.faults.append(Fault("conversations.replies", error="thread_not_found"))
    assert await conversations(web).earlier(order) == Earlier()
    slack.faults.append(Fault("conversations.replies", error="missing_scope"))
    with pytest.raises(HistoryRefused, match="missing_scope"):
        await conversations(web).earlier(order)
    slack.faults.append(Fault("auth.test", status=500, error="internal_error"))
    with pytest.raises(HistoryUnavailable, match=r"auth\.test: internal_error"):
        await conversations(web).earlier(order)
    slack.faults.append(Fault("conversations.replies", status=429, retry_after=30))
    with pytest.raises(HistoryUnavailable, match="ratelimited") as raised:
        await conversations(web).earlier(order)
    assert raised.value.retry_after == 30


async def test_what_was_said_at_length_is_told_as_far_as_it_fits(slack: SlackServer, web: AsyncWebClient) -> None:
    space = slack.workspace
    ann = space.person("ann")
    channel = space.channel("general", ann)
    begun = space.post(channel, ann, "a" * 600)
    for letter in "bc":
        space.post(channel, ann, letter * 500, thread=begun["ts"])
    trigger = space.post(channel, ann, f"<@{BOT_USER}> sum up", thread=begun["ts"])
    earlier = await conversations(web, limits={"text": 1000}).earlier(before(channel, trigger))
    assert [post.text[0] for post in earlier.posts] == ["b", "c"]
    assert earlier.left_out == 1
