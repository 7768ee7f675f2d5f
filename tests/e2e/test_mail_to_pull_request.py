"""The main job: a mail becomes a pull request and a reply."""

import asyncio

from airut.demo.repositories import read_file
from airut.demo.script import bash, say, write
from airut.demo.stage import PERSON, REPOSITORY, ROBOT
from airut.models.tasks.outcome import TaskOutcome
from tests.e2e.conversation import LIMIT, Conversation, body, patient


async def test_a_mail_becomes_a_pull_request_and_a_reply(conversation: Conversation) -> None:
    await conversation.plays(
        write("/workspace/audit.py", "AUDIT = True\n", "I'll add it."),
        bash("cd /workspace && git add -A && git commit -q -m 'Add audit logging' && cp audit.py /outbox/"),
        say("Added **audit logging** in `audit.py`."),
    )
    mail = await conversation.writes("Add audit logging to the auth service, please.")
    (answer,) = await conversation.answers()
    stage = conversation.stage

    assert "Added **audit logging** in `audit.py`." in body(answer)
    assert "<strong>audit logging</strong>" in str(answer.get_body(("html",)))
    assert (answer["To"], answer["In-Reply-To"]) == (PERSON, mail["Message-ID"])
    assert mail["Message-ID"] in answer["References"]
    assert answer["Auto-Submitted"] == "auto-replied"
    assert ROBOT in answer["From"]
    assert [(part.get_filename(), part.get_content()) for part in answer.iter_attachments()] == [
        ("audit.py", "AUDIT = True\n")
    ]

    thread = await conversation.thread(answer)
    status = await conversation.idle(thread)
    assert [task.outcome for task in status.recent] == [TaskOutcome.SUCCESS]
    assert status.pull_request is not None
    assert status.branch is not None
    pull = stage.forge.pulls(REPOSITORY).get(status.pull_request.number)
    assert (pull.head, pull.base, pull.draft, pull.title) == (status.branch, "main", True, conversation.subject)
    assert "Added **audit logging**" in (pull.body or "")
    assert status.pull_request.url in body(answer)
    assert read_file(stage.repositories / f"{REPOSITORY}.git", status.branch, "audit.py") == "AUDIT = True"

    acknowledgement, *_ = await conversation.mails()
    assert ".ack." in acknowledgement["Message-ID"]
    assert acknowledgement["In-Reply-To"] == mail["Message-ID"]


async def test_a_reply_continues_the_session_in_the_same_workspace(conversation: Conversation) -> None:
    await conversation.plays(
        bash("cd /workspace && echo one > one.txt && git add -A && git commit -q -m One && echo kept > draft.txt"),
        say("Made one.txt."),
        bash("cd /workspace && cat draft.txt && echo two > two.txt && git add two.txt && git commit -q -m Two"),
        say("Made two.txt."),
    )
    await conversation.writes("The code word is heliotrope. Make one.txt.")
    (first,) = await conversation.answers(1)
    await conversation.writes("And now two.txt.", answers=first)
    _, second = await conversation.answers(2)
    status = await conversation.idle(await conversation.thread(second))

    assert await conversation.thread(first) == await conversation.thread(second)
    assert status.tasks == 2
    requests = await conversation.prompts()
    assert "heliotrope" in requests[-1]  # the session: the second run's model sees the first conversation
    assert "kept" in requests[-1]  # the workspace: what the first run left uncommitted is there
    assert status.pull_request is not None
    repository = conversation.stage.repositories / f"{REPOSITORY}.git"
    assert status.branch is not None
    assert read_file(repository, status.branch, "one.txt") == "one"
    assert read_file(repository, status.branch, "two.txt") == "two"
    pulls = [pull for pull in conversation.stage.forge.pulls(REPOSITORY).all() if pull.head == status.branch]
    assert len(pulls) == 1
    assert "Updated pull request" in body(second)

    await conversation.plays(say("Nothing to do."))
    await conversation.writes("Anything else?", answers=second)
    *_, third = await conversation.answers(3)
    status = await conversation.idle(await conversation.thread(third))
    assert status.recent[-1].outcome is TaskOutcome.NO_CHANGES
    assert "pull request" not in body(third)


async def test_two_mails_at_once_run_one_after_the_other(conversation: Conversation) -> None:
    opened = "until [ -e /storage/go ]; do sleep 0.1; done"
    await conversation.plays(
        patient(marked(opened)),
        say("First done."),
        bash(marked("sleep 1")),
        say("Second and third done."),
    )
    first = await conversation.writes("First thing.")
    async with asyncio.timeout(LIMIT):
        while not (mails := await conversation.mails()):
            await asyncio.sleep(0.2)
        thread = await conversation.thread(mails[0])
        storage = conversation.stage.folders.of(thread).storage
        while not (storage / "marks").exists():
            await asyncio.sleep(0.2)
    await asyncio.gather(
        conversation.writes("Second thing.", answers=first), conversation.writes("Third thing.", answers=first)
    )
    at_once = await waiting(conversation, thread, 2)
    await conversation.writes("Fourth thing.", answers=first)
    in_order = await waiting(conversation, thread, 3)
    assert sorted(at_once) == ["Second thing.", "Third thing."]
    assert in_order == [*at_once, "Fourth thing."]
    (storage / "go").touch()
    await conversation.answers(2)
    status = await conversation.idle(thread)

    marks = [line.split() for line in (storage / "marks").read_text().splitlines()]
    assert [mark for mark, _ in marks] == ["begin", "end", "begin", "end"]
    assert marks[0][1] == marks[1][1] != marks[2][1] == marks[3][1]
    assert [task.outcome for task in status.recent] == [TaskOutcome.NO_CHANGES] * 2
    session = (await conversation.prompts())[-1]
    places = [session.index(text) for text in ("First thing.", *in_order)]
    assert places == sorted(places)


async def waiting(conversation: Conversation, thread: str, count: int) -> list[str]:
    """The queue of a thread, as soon as it has this many messages."""
    async with asyncio.timeout(LIMIT):
        while len(queue := (await conversation.status(thread)).queue) < count:
            await asyncio.sleep(0.1)
    return [message.first_line for message in queue]


def marked(command: str) -> str:
    """The command between two lines in the thread's storage that name its sandbox, by when its first process began."""
    run = "$(cut -d' ' -f22 /proc/1/stat)"
    return f'echo "begin {run}" >> /storage/marks; {command}; echo "end {run}" >> /storage/marks'


async def test_the_same_mail_delivered_twice_runs_once(conversation: Conversation) -> None:
    await conversation.plays(say("Did it."))
    mail = await conversation.writes("Do it once.")
    conversation.stage.mail.deliver(mail.as_bytes(), ROBOT)
    conversation.stage.mail.deliver(mail.as_bytes(), ROBOT)
    (answer,) = await conversation.answers()
    status = await conversation.idle(await conversation.thread(answer))
    await asyncio.sleep(2)
    assert len(await conversation.answers()) == 1
    assert len(await conversation.mails()) == 2  # with the acknowledgement
    assert status.tasks == 1
    assert len(await conversation.prompts()) == 1
