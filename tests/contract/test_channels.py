"""What every channel promises, whatever it is made of: said here once, held by each."""

import asyncio
import hashlib

import pytest

from airut.models.tasks.outcome import AgentOutcome
from airut.models.threads.message import Attachment
from tests.contract.people import Person, Slacking, hears, hears_of
from tests.support.agent_results import asks, done
from tests.support.asking import until
from tests.support.installation import Installation, told
from tests.support.slack.server import Fault

LONG = "\n\n".join(f"Paragraph {number}: " + "word " * 60 for number in range(40))


def texts(there: Installation, person: Person) -> list[str]:
    """All that the agents of a conversation were told, in order."""
    return [text for order in there.runs(person.thread) for text in told(order)]


async def test_a_conversation(there: Installation, person: Person) -> None:
    await person.writes("Add a file.")
    (first,) = await hears(person, "done")
    assert "I was told: Add a file." in first.text
    await person.writes("And another.")
    _, second = await hears(person, "done", 2)
    assert "I was told: And another." in second.text
    await there.until(lambda: len(there.runs(person.thread)) == 2)
    assert len({order.task.session_id for order in there.runs(person.thread)}) == 1


async def test_messages_are_taken_in_the_order_in_which_they_were_written(there: Installation, person: Person) -> None:
    there.host.gate.clear()
    await person.writes("first")
    await there.until(lambda: bool(there.host.agent_inputs))
    for text in ("second", "third", "fourth"):
        await person.writes(text)
    thread = there.host.agent_inputs[-1].task.thread
    await until(await there.client(), thread, lambda status: len(status.queue) == 3)
    there.host.gate.set()
    await hears(person, "done")
    await there.until(lambda: len(texts(there, person)) == 4)
    assert texts(there, person) == ["first", "second", "third", "fourth"]
    answers = await hears(person, "done", len(there.runs(person.thread)))
    assert [said.text.split(": ")[1].split("\n")[0].strip() for said in answers] == [
        " | ".join(told(order)) for order in there.runs(person.thread)
    ]


async def test_a_message_that_is_delivered_again_counts_once(there: Installation, person: Person) -> None:
    await person.writes("Add a file.")
    await hears(person, "done")
    await person.comes_again()
    await person.comes_again()
    await person.writes("And another.")
    heard = await hears(person, "done", 2)
    assert [said.text.count("Add a file.") for said in heard] == [1, 0]
    assert [told(order) for order in there.runs(person.thread)] == [["Add a file."], ["And another."]]


async def test_nothing_is_lost_or_done_twice_over_a_kill_of_everything(there: Installation, person: Person) -> None:
    there.host.gate.clear()
    await person.writes("first")
    await there.until(lambda: bool(there.host.agent_inputs))
    await there.kill("intake")
    await there.kill("control")
    await person.writes("while all was dead")
    there.host.gate.set()
    await there.start("control")
    await there.start("intake")
    heard = await hears(person, "done", 2)
    assert ["first" in heard[0].text, "while all was dead" in heard[1].text] == [True, True]
    await person.writes("after it")
    heard = await hears(person, "done", 3)
    assert (texts(there, person), len(heard)) == (["first", "while all was dead", "after it"], 3)


async def test_commands(there: Installation, person: Person) -> None:
    await person.writes("Add a file.")
    await hears(person, "done")
    await person.writes("pause")
    await hears_of(person, "is paused")
    await person.writes("And another.")
    await person.writes("resume")
    await hears_of(person, "no longer paused")
    await hears(person, "done", 2)
    there.host.gate.clear()
    there.host.interrupted = done("", AgentOutcome.STOPPED)
    await person.writes("A long one.")
    await there.until(lambda: len(there.runs(person.thread)) == 3)
    await person.writes("stop")
    await hears_of(person, "stopped")
    assert [told(order) for order in there.runs(person.thread)] == [["Add a file."], ["And another."], ["A long one."]]


async def test_files_both_ways(there: Installation, person: Person) -> None:
    content = bytes(range(256)) * 40
    made = await there.blobs.put(content[::-1])
    out = Attachment(name="report.bin", media_type="application/octet-stream", content=made)
    there.plays(done("See the report.", bundle=None).model_copy(update={"outbox": (out,)}))
    await person.writes("Look at this.", {"notes.bin": content})
    (answer,) = await hears(person, "done", files=1)
    (order,) = there.runs(person.thread)
    files = [(file.name, file.content.sha256) for message in order.task.messages for file in message.attachments]
    assert files == [("notes.bin", hashlib.sha256(content).hexdigest())]
    assert answer.files == {"report.bin": content[::-1]}


async def test_a_question_and_its_answer(there: Installation, person: Person) -> None:
    there.plays(asks(), done("Spaces it is.", bundle=None))
    await person.writes("Indent the file.")
    (question,) = await hears(person, "ask")
    assert "Tabs or spaces?" in question.text
    await person.writes("2")
    (answer,) = await hears(person, "done")
    assert "Spaces it is." in answer.text
    _, second = there.runs(person.thread)
    given = second.answer or second.answered_by
    assert given is not None
    assert "spaces" in given.model_dump_json() or '"2"' in given.model_dump_json()


@pytest.mark.parametrize(
    ("outcome", "words"),
    [(AgentOutcome.TURNS_EXCEEDED, "turns"), (AgentOutcome.FAILED, "could not finish")],
)
async def test_a_failure_says_what_happened_and_the_next_message_goes_on(
    there: Installation, person: Person, outcome: AgentOutcome, words: str
) -> None:
    there.plays(done("", outcome, bundle=None), done("Better now.", bundle=None))
    await person.writes("Add a file.")
    (failed,) = await hears(person, "done")
    assert words in failed.text
    await person.writes("Try again.")
    _, answer = await hears(person, "done", 2)
    assert "Better now." in answer.text


async def test_a_long_answer_arrives_whole(there: Installation, person: Person) -> None:
    there.plays(done(LONG, bundle=None))
    await person.writes("Write much.")
    await hears_of(person, "Paragraph 39:")  # in several posts, one after the other, where it has to be
    heard = await hears(person, "done")
    text = " ".join(" ".join(said.text for said in heard).split())
    assert all(f"Paragraph {number}:" in text for number in range(40))


@pytest.mark.parametrize("person", ["email", "slack"], indirect=True)  # nothing of the console's can be away
async def test_an_answer_waits_until_its_channel_is_back(there: Installation, person: Person) -> None:
    there.host.gate.clear()
    await person.writes("Add a file.")
    await there.until(lambda: bool(there.host.agent_inputs))
    if isinstance(person, Slacking):
        there.slack.faults.append(Fault("chat.postMessage", status=503))
        there.slack.faults.append(Fault("chat.postMessage", after_effect=True))
        there.host.gate.set()
    else:
        there.mail.kill()
        there.host.gate.set()
        await asyncio.sleep(1)
        await asyncio.to_thread(there.mail.start)
    heard = await hears(person, "done")
    await asyncio.sleep(1)
    assert len(await hears(person, "done")) == len(heard) == 1
