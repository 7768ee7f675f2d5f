"""The agent asks, people answer by mail, and the same session goes on with their answer."""

import asyncio
import time
from email.message import EmailMessage

from airut.demo.script import ask, bash, say
from airut.models.threads.thread import ThreadPhase
from tests.e2e.conversation import LIMIT, Conversation, body


async def mail_with(conversation: Conversation, words: str) -> EmailMessage:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        for mail in await conversation.mails():
            if words in body(mail):
                return mail
        await asyncio.sleep(0.2)
    raise TimeoutError(f"no mail says {words!r}\n{conversation.stage.log[-6000:]}")


async def test_a_question_by_mail_and_its_answer(conversation: Conversation) -> None:
    await conversation.plays(
        bash("echo kept > /storage/mark"),
        ask("Which database?", "PostgreSQL", "SQLite", text="I need to know one thing."),
        bash("cat /storage/mark"),
        say("SQLite it is."),
    )
    await conversation.writes("Set the database up.")
    question = await mail_with(conversation, "Which database?")
    assert "2) SQLite: choose SQLite" in body(question)
    thread = await conversation.thread(question)
    status = await conversation.status(thread)
    assert status.phase is ThreadPhase.RUNNING

    await conversation.writes("2", answers=question)
    (answer,) = await conversation.answers()
    assert "SQLite it is." in body(answer)
    status = await conversation.idle(thread)
    assert status.tasks == 1
    (prompt,) = [text for text in await conversation.prompts() if "kept" in text][-1:]
    assert 'Your questions have been answered: "Which database?"="SQLite"' in prompt
    assert "Set the database up." in prompt
