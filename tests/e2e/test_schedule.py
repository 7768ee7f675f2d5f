"""Scheduled tasks on the whole product: answers come by mail, a reply goes on, silence sends nothing."""

import asyncio
import json
import time
from collections.abc import Mapping

from airut.demo.script import say
from tests.e2e.conversation import LIMIT, Conversation, airut, body

SCHEDULES = """\
    schedules:
      look:
        cron: "0 0 1 1 *"
        prompt: Look around.
        subject: SUBJECT
        deliver: {email: [ann@mail.test]}
      quiet:
        cron: "0 0 1 1 *"
        trigger: {command: [test, -f, README.md], timeout: 2m}
        subject: SUBJECT
        deliver: {email: [ann@mail.test]}
      loud:
        cron: "0 0 1 1 *"
        trigger: {command: [cat, README.md], timeout: 2m}
        subject: SUBJECT
        deliver: {email: [ann@mail.test]}
      broken:
        cron: "0 0 1 1 *"
        trigger: {command: [sh, -c, "echo no luck >&2; exit 4"], timeout: 2m}
        subject: SUBJECT
        deliver: {email: [ann@mail.test]}
"""


async def outcome(conversation: Conversation, name: str, expected: str) -> None:
    """Wait until the list says this of the schedule's newest firing."""
    await outcomes(conversation, {name: expected})


async def outcomes(conversation: Conversation, expected: Mapping[str, str]) -> None:
    """Wait until one list says this of the newest firings of all of these."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        code, printed = await airut(conversation, "schedule", "list", "--json")
        assert code == 0, printed
        rows = {row["schedule"].removeprefix("web/schedule/"): row for row in json.loads(printed)["schedules"]}
        if all(rows[name]["on_server"] and rows[name]["last_outcome"] == said for name, said in expected.items()):
            return
        await asyncio.sleep(0.5)
    raise TimeoutError(f"{expected}: {rows}\n{conversation.stage.log[-6000:]}")


async def test_scheduled_tasks(conversation: Conversation) -> None:
    stage = conversation.stage
    before = stage.config_file.read_text()
    stage.config_file.write_text(before + SCHEDULES.replace("SUBJECT", conversation.subject))
    try:
        await stage.down()
        await stage.up()
        await play(conversation)
    finally:
        stage.config_file.write_text(before)
        await stage.down()
        await stage.up()


async def play(conversation: Conversation) -> None:
    # The control worker has taken them over.
    await outcomes(conversation, dict.fromkeys(("look", "quiet", "loud", "broken"), ""))

    await conversation.plays(say("All is well."), say("Still well."))
    code, printed = await airut(conversation, "schedule", "run-now", "look")
    assert (code, printed) == (0, "web/schedule/look: started\n")
    (first,) = await conversation.answers()
    assert "All is well." in body(first)
    assert (first["Subject"], first["To"], first["Auto-Submitted"], first["In-Reply-To"]) == (
        conversation.subject,
        "ann@mail.test",
        "auto-generated",
        None,
    )
    assert [str(mail["Message-ID"]).split(".")[3] for mail in await conversation.mails()] == ["done"]  # and no other
    await outcome(conversation, "look", "no_changes")

    await conversation.writes("And now?", answers=first)
    _, second = await conversation.answers(2)
    assert "Still well." in body(second)
    assert await conversation.thread(second) == await conversation.thread(first)

    assert (await airut(conversation, "schedule", "run", "quiet"))[0] == 0
    await outcome(conversation, "quiet", "nothing_to_do")
    assert len(await conversation.answers(2)) == 2

    for name, words in (("loud", "The web application of Acme."), ("broken", "no luck")):
        await conversation.plays(say(f"I have read what {name} said."))
        assert (await airut(conversation, "schedule", "run", name))[0] == 0
        await outcome(conversation, name, "no_changes")
        assert words in str(await conversation.prompts())
    assert len(await conversation.answers(4)) == 4
    left = conversation.stage.folder / "state" / "threads" / "web" / "schedule"
    assert not left.exists() or list(left.iterdir()) == []
