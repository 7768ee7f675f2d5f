"""What we say before anybody asks us: each once, however often it is tried."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from airut.adapters.slack.directory import WebDirectory
from airut.adapters.slack.greetings import SlackGreetings
from airut.ports.slack import SlackAway
from tests.support.slack.server import Fault, SlackServer
from tests.support.slack.workspace import BOT_USER


async def test_a_note_stands_in_its_thread_once(slack: SlackServer, web: AsyncWebClient) -> None:
    ann = slack.workspace.person("ann")
    channel = slack.workspace.channel("general", ann)
    post = slack.workspace.post(channel, ann, "hello?")

    async def note(key: str) -> None:
        """Another process each time: nothing is remembered."""
        await SlackGreetings(web, WebDirectory(web)).note(channel.id, post["ts"], key, "I was away.")

    slack.faults.append(Fault("chat.postMessage", after_effect=True))
    with pytest.raises(SlackAway, match=r"chat\.postMessage: ServerDisconnectedError"):
        await note("late/1")
    await note("late/1")
    await note("late/2")
    said = [each["text"] for each in channel.thread(post["ts"]) if each["user"] == BOT_USER]
    assert said == ["I was away.", "I was away."]
