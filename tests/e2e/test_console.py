"""The console channel, as a person uses it."""

import json

from airut.demo.script import say
from tests.e2e.conversation import Conversation, airut


async def test_send_wait_list_show(conversation: Conversation) -> None:
    await conversation.plays(say("The answer is **42**."), say("Still 42."))
    code, printed = await airut(conversation, "send", "--repo", "web", "--wait", "What is the answer?")
    assert code == 0, printed
    assert "The answer is 42." in printed
    thread = printed.splitlines()[0]
    assert thread.startswith("web/console/")

    code, printed = await airut(conversation, "send", "--repo", "web", "--thread", thread, "--wait", "Sure?")
    assert (code, "Still 42." in printed) == (0, True), printed

    code, printed = await airut(conversation, "thread", "list", "--json")
    assert thread in [row["thread"] for row in json.loads(printed)["threads"]]
    code, printed = await airut(conversation, "thread", "show", thread[:18], "--json")
    assert json.loads(printed)["tasks"] == 2
    code, printed = await airut(conversation, "thread", "show", thread)
    assert "Still 42." in printed


async def test_mistakes_are_told(conversation: Conversation) -> None:
    code, printed = await airut(conversation, "send", "--repo", "nothing", "Hello")
    assert (code, printed) == (2, "nothing has no console channel; these have: web\n")
    code, printed = await airut(conversation, "thread", "show", "web/mail/nothing")
    assert (code, "no thread web/mail/nothing" in printed) == (5, True)
    code, printed = await airut(conversation, "--config", "/nowhere/airut.yaml", "thread", "list")
    assert (code, printed) == (3, "/nowhere/airut.yaml: No such file or directory\n")
