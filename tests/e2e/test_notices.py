"""A word from the host to an agent that is at work: read in the sandbox, written by nobody in there."""

import asyncio

from airut.demo.script import bash, say
from airut.models.tasks.agent import NOTICE
from tests.e2e.conversation import LIMIT, Conversation, body

WAITS = "touch /storage/begun; until [ -f /notices/notice.json ]; do sleep 0.2; done; touch /notices/x; id -u"


async def test_an_agent_reads_a_notice_while_it_works(conversation: Conversation) -> None:
    await conversation.plays(bash(WAITS, "I begin."), say("I have read it."))
    await conversation.writes("Work for a while.")
    async with asyncio.timeout(LIMIT):
        while not (mails := await conversation.mails()):  # the acknowledgement
            await asyncio.sleep(0.1)
        folders = conversation.stage.folders.of(await conversation.thread(mails[0]))
        while not (folders.storage / "begun").exists():
            await asyncio.sleep(0.1)
    notices = folders.task(1, 1) / "notices"
    (notices / "beside").write_text('"Nine of ten GiB are full."')
    (notices / "beside").replace(notices / NOTICE)
    (answer,) = await conversation.answers()
    assert "I have read it." in body(answer)
    last = (await conversation.prompts())[-1]
    assert "Nine of ten GiB are full." in last
    assert "Read-only file system" in last
