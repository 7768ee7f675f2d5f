"""A changed `airut.yaml` in running processes: what each of them takes up, refuses and keeps."""

import asyncio
from collections.abc import Iterator

import pytest

from airut.config.generation import Generation
from airut.config.generation_reports import reports
from tests.contract.people import Mailing, hears, hears_of
from tests.support.installation import PROCESSES, Installation


def generations(there: Installation) -> dict[str, Generation]:
    return {each.name.partition("@")[0]: each.generation for each in reports(there.folder / "state")}


async def rewrite(there: Installation, text: str, *, good: bool = True) -> dict[str, Generation]:
    """What the processes say once each of them has seen it."""
    await there.until(lambda: set(generations(there)) == set(PROCESSES))
    before = generations(there)
    there.config_file.write_text(text)

    def seen() -> bool:
        if good:
            return all(now.number > before[name].number for name, now in generations(there).items())
        return all(now.error for now in generations(there).values())

    await there.until(seen)
    return generations(there)


@pytest.fixture
def written(there: Installation) -> Iterator[str]:
    text = there.config_file.read_text()
    yield text
    there.config_file.write_text(text)


async def test_a_bad_file_changes_nothing_and_the_next_good_one_is_taken_up(there: Installation, written: str) -> None:
    await there.until(lambda: set(generations(there)) == set(PROCESSES))
    before = generations(there)
    bad = await rewrite(there, written + "limitz: {}\n", good=False)
    line = f'{there.config_file}:{len(written.splitlines()) + 1}:1: limitz: unknown key; nearest is "limits"'
    assert bad == {name: now.model_copy(update={"error": line}) for name, now in before.items()}
    person = Mailing(there)
    await person.writes("Is anybody there?")
    await hears(person, "done")

    tagged = written.replace("      email:\n", "      email:\n        replies: {subject_tag: always}\n")
    good = await rewrite(there, tagged)
    assert {(now.error, now.kept, now.pending) for now in good.values()} == {(None, (), ())}
    assert len({now.digest for now in good.values()} | {before["intake"].digest}) == 2
    person = Mailing(there)
    await person.writes("And now?")
    await hears(person, "done")
    newest = (await there.mailbox.read())[-1]
    assert f"[airut {person.thread.rpartition('/')[2]}]" in str(newest["Subject"])
    await rewrite(there, written)


async def test_a_mailbox_that_cannot_be_entered_leaves_the_old_listener(there: Installation, written: str) -> None:
    begin = written.index("password: ")
    wrong = written[:begin] + "password: not-this-one" + written[written.index(",", begin) :]
    after = await rewrite(there, wrong)
    (line,) = after["intake"].kept
    assert line.startswith("repos.web.channels.email: listened to as before the change, since the new listener fails: ")
    assert after["control"].kept == ()
    person = Mailing(there)
    await person.writes("Is anybody there?")
    await there.until(lambda: bool(there.host.agent_inputs))
    assert (await rewrite(there, written))["intake"].kept == ()
    await hears(person, "done")


async def test_a_paused_repository_takes_messages_and_begins_when_it_may(there: Installation, written: str) -> None:
    await rewrite(there, written.replace("    channels:\n", "    paused: true\n    channels:\n", 1))
    person = Mailing(there)
    await person.writes("When you may.")
    await asyncio.sleep(3)  # within which it would have begun, and been answered
    assert there.host.agent_inputs == []
    await rewrite(there, written)
    await hears(person, "done")


async def test_who_writes_to_a_repository_that_was_taken_out_is_told(there: Installation, written: str) -> None:
    without = written[: written.index("repos:")]
    after = await rewrite(there, without)
    assert after["intake"].kept == ()
    person = Mailing(there)
    await person.writes("Is anybody there?")
    await hears_of(person, "This repository is not configured here any more")
    assert there.host.agent_inputs == []
    await rewrite(there, written)
