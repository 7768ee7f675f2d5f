"""What is done through any channel is in the audit log of its host, and nothing is begun that cannot be."""

from airut.adapters.audit import newest, verified
from airut.models.telemetry.audit import AuditEntry
from tests.contract.people import Person, hears, hears_of
from tests.support.installation import Installation


def recorded(there: Installation, thread: str) -> list[AuditEntry]:
    """Of one thread, oldest first."""
    found = newest(there.config.audit_file)
    return [entry for entry in found if entry.object == thread or entry.object.startswith(f"{thread}/")][::-1]


async def test_a_task_is_recorded_from_the_message_to_its_answer(there: Installation, person: Person) -> None:
    await person.writes("Add a file, and tell nobody of the word swordfish.")
    await hears(person, "done")
    thread = person.thread
    await there.until(lambda: {entry.action for entry in recorded(there, thread)} >= {"message.accepted", "task.ended"})
    entries = {entry.action: entry for entry in recorded(there, thread)}
    assert entries.keys() == {"message.accepted", "task.started", "task.ended"}
    accepted, ended = entries["message.accepted"], entries["task.ended"]
    (order,) = there.runs(thread)
    (message,) = order.task.messages
    assert (accepted.object, accepted.actor) == (thread, message.author)
    assert (accepted.detail["key"], accepted.detail["channel"]) == (message.key, str(message.channel))
    assert (ended.object, ended.detail["outcome"]) == (order.task.id, "no_changes")
    assert ended.detail["messages"] == (message.key,)
    assert entries["task.started"].object == order.task.id
    assert verified(there.config.audit_file).broken is None
    assert b"swordfish" not in there.config.audit_file.read_bytes()


async def test_while_it_cannot_be_written_tasks_are_refused_and_people_are_told_why(
    there: Installation, person: Person
) -> None:
    await person.writes("Add a file.")
    await hears(person, "done")
    file = there.config.audit_file
    aside = file.rename(file.with_suffix(".aside"))
    try:
        await person.writes("And another.")
        await hears_of(person, "since what they do cannot be recorded")
        await hears_of(person, f"{file.name} cannot be written: it is gone")
    finally:
        aside.rename(file)
    assert len(there.runs(person.thread)) == 1
    await person.writes("Now?")
    await there.until(lambda: len(there.runs(person.thread)) == 2)
    assert verified(file).broken is None
