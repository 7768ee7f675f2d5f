"""Whatever a mail server does wrong, each mail is handed over, counts once, and is moved once (spec: email §2, §12)."""

import asyncio
import functools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airut.adapters.imap.wire import format_internal_date
from airut.models.threads.message import InboundMessage
from signals.mail.status import MailboxState
from tests.signals.mail.faulty import FIRST, RESULTS, SECOND, channel, emptied, processed, serving, taken
from tests.signals.mail.intake_bench import Running, mail
from tests.support.imap_server import Faults, ImapServer, imap_server


async def commands_of_a_run(folder: Path) -> list[str]:
    async with serving(Faults(), FIRST, SECOND) as server:
        intake = Running(channel(server), folder)
        async with asyncio.timeout(60):
            while "IDLE" not in server.commands:
                await asyncio.sleep(0.005)
        await intake.stop()
        return [command for command in server.commands if command != "LOGOUT"]


@pytest.mark.parametrize("kind", ["before", "after", "middle"])
async def test_a_connection_lost_at_any_command(tmp_path: Path, kind: str) -> None:
    commands = await commands_of_a_run(tmp_path)
    assert len(commands) > 20
    for at in range(1, len(commands) + 1):
        if kind == "middle" and not commands[at - 1].startswith("UID "):
            continue  # the others' answers are a line: half of one says no more than none
        async with serving(Faults(at=at, kind=kind), FIRST, SECOND) as server:
            intake = Running(channel(server), tmp_path)
            await emptied(server)
            await intake.stop()
        assert (taken(intake), processed(server)) == (["first", "second"], [FIRST, SECOND]), (at, commands[at - 1])


async def test_the_intake_killed_at_any_command(tmp_path: Path) -> None:
    """What it remembered is gone with it; the next one knows nothing of it."""
    commands = await commands_of_a_run(tmp_path)
    for at in range(1, len(commands) + 1):
        async with serving(Faults(at=at, kind="after"), FIRST, SECOND) as server:
            killed = Running(channel(server), tmp_path)
            async with asyncio.timeout(60):
                while len(server.commands) < at:
                    await asyncio.sleep(0.002)
            killed.task.cancel()
            _, alive = await asyncio.wait({killed.task}, timeout=30)
            assert not alive, (at, commands[at - 1])  # a cancel is never swallowed
            second = Running(channel(server), tmp_path)
            second.temporal.received = killed.temporal.received
            await emptied(server)
            await second.stop()
        assert (taken(second), processed(server)) == (["first", "second"], [FIRST, SECOND]), (at, commands[at - 1])


def fall_silent_at_idle(server: ImapServer, command: str) -> None:
    if command == "IDLE" and not server.faults.at:
        server.faults.at = len(server.commands)


async def test_a_server_that_falls_silent_at_any_command(tmp_path: Path) -> None:
    commands = await commands_of_a_run(tmp_path)
    kinds = {command.removeprefix("UID ").split()[0]: number for number, command in enumerate(commands, 1)}
    assert {"AUTHENTICATE", "CAPABILITY", "SELECT", "SEARCH", "FETCH", "MOVE", "IDLE"} <= kinds.keys()
    for at in kinds.values():
        async with serving(faults := Faults(at=at, kind="stall"), FIRST, SECOND) as server:
            if commands[at - 1] == "IDLE":  # which has another number where an answer before it came late
                faults.at, faults.on_command = 0, functools.partial(fall_silent_at_idle, server)
            intake = Running(channel(server, rescan=0.1, command_timeout=0.15), tmp_path)
            await emptied(server)
            if commands[at - 1] == "IDLE":  # reached only when nothing is left to do
                await intake.until(MailboxState.DEGRADED, "127.0.0.1: no answer to IDLE or its end")
                server.deliver(RESULTS + mail("third").replace(b"\n", b"\r\n"))
                await emptied(server)
            await intake.stop()
        assert taken(intake)[:2] == ["first", "second"], commands[at - 1]


NOISE = (
    b"* 3 EXISTS\r\n* 1 EXPUNGE\r\n* OK [ALERT] full\r\n* 2 FETCH (UID 77 FLAGS (\\Seen))\r\n* SEARCH\r\n* BYEBYE\r\n"
)


@pytest.mark.parametrize(
    ("faults", "imap"),
    [
        (Faults(capabilities="IMAP4rev1 AUTH=PLAIN MOVE UIDPLUS"), {}),
        (Faults(capabilities="IMAP4rev1 AUTH=PLAIN IDLE UIDPLUS"), {}),
        (Faults(capabilities="IMAP4rev1 AUTH=PLAIN IDLE"), {}),
        (Faults(capabilities="IMAP4rev1"), {}),
        (Faults(refused={"IDLE": "NO not now"}), {}),
        (Faults(refused={"IDLE": "BAD what"}), {}),
        (Faults(refused={"UID FETCH 1 (UID BODY.PEEK": "BAD what", "UID FETCH 2 (UID BODY.PEEK": "BAD what"}), {}),
        (Faults(refused={"SUBSCRIBE": "NO never"}), {}),
        (Faults(noise=NOISE), {}),
        (Faults(), {"idle": False}),
        (Faults(), {"search": "unseen"}),
    ],
    ids=[
        "no IDLE",
        "no MOVE",
        "no UIDPLUS",
        "nothing",
        "IDLE NO",
        "IDLE BAD",
        "PEEK",
        "SUBSCRIBE",
        "noise",
        "poll",
        "unseen",
    ],
)
async def test_servers_that_can_little_or_say_much(tmp_path: Path, faults: Faults, imap: dict[str, object]) -> None:
    async with serving(faults, FIRST) as server:
        if "LOGIN" not in faults.capabilities and "AUTH=PLAIN" not in faults.capabilities:
            faults.capabilities = "IMAP4rev1 AUTH=PLAIN"  # and nothing more
        intake = Running(channel(server, **imap), tmp_path)
        await emptied(server)
        await intake.until(MailboxState.CONNECTED)
        server.deliver(SECOND)
        await emptied(server)
        await intake.stop()
    assert (taken(intake), processed(server)) == (["first", "second"], [FIRST, SECOND])
    if "UIDPLUS" not in faults.capabilities:
        assert len(server.folders["INBOX"]) == 2  # marked as deleted; an EXPUNGE would take others' along
        assert "EXPUNGE" not in server.commands


@pytest.mark.parametrize(
    ("faults", "imap", "reason"),
    [
        (Faults(read_only=True), {}, "folder INBOX is read-only"),
        (Faults(refused={"SELECT": "NO gone"}), {}, "folder INBOX: gone"),
        (Faults(refused={"AUTHENTICATE": "NO [AUTHENTICATIONFAILED] no"}), {}, "login at 127.0.0.1 refused: "),
        (Faults(refused={"CREATE": "NO quota"}), {}, "folder Airut/Failed cannot be made: quota"),
        (Faults(refused={"UID SEARCH": "BAD what"}), {"processed": {"action": "delete"}}, "search refused: what"),
        (
            Faults(permanent_flags="\\Seen \\Deleted"),
            {"processed": {"action": "flag"}},
            "the server cannot keep the flag $AirutDone; set imap.processed.action: move",
        ),
        (Faults(refused={"UID MOVE": "NO quota"}), {}, "move to Airut/Processed: quota"),
        (Faults(hang_ups=1000), {}, "closed by the server"),
    ],
)
async def test_what_an_operator_has_to_mend_is_told_until_it_is_mended(
    tmp_path: Path, faults: Faults, imap: dict[str, object], reason: str
) -> None:
    async with serving(faults, FIRST) as server:
        intake = Running(channel(server, **imap), tmp_path)
        await intake.until(MailboxState.DEGRADED, reason)
        since, next_try = intake.intake.status.since, intake.intake.status.next_try
        assert next_try is not None
        assert next_try > since
        faults.read_only, faults.refused, faults.hang_ups, faults.permanent_flags = False, {}, 0, "\\*"
        if "flag" in str(imap):
            await intake.until(MailboxState.CONNECTED)
        else:
            await emptied(server)
        await intake.until(MailboxState.CONNECTED)
        await intake.stop()
    assert taken(intake) == ["first"]


async def test_ten_failed_connections_then_one_that_holds(tmp_path: Path) -> None:
    async with serving(Faults(hang_ups=10)) as server:
        intake = Running(channel(server), tmp_path)
        await intake.until(MailboxState.DEGRADED)
        since = intake.intake.status.since
        async with asyncio.timeout(60):
            while server.connections < 10:
                assert intake.intake.status.since == since  # one trouble, however many tries
                await asyncio.sleep(0.01)
        await intake.until(MailboxState.CONNECTED)
        server.deliver(FIRST)
        await emptied(server)
        await intake.stop()
    assert (taken(intake), server.connections) == (["first"], 11)


async def test_other_numbers_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    """Another UIDVALIDITY on the next connection: what was known by number is forgotten, and nothing comes twice."""
    faults = Faults(at=0, kind="before")
    async with serving(faults, FIRST, SECOND) as server:

        def break_up(command: str) -> None:
            if command.startswith("UID FETCH 2 (UID RFC822.SIZE"):
                faults.at = len(server.commands)
                server.renumber()

        faults.on_command = break_up
        intake = Running(channel(server), tmp_path)
        await emptied(server)
        await intake.stop()
    assert (taken(intake), processed(server)) == (["first", "second"], [FIRST, SECOND])


async def test_a_mail_that_somebody_else_deletes_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    third = RESULTS + mail("third").replace(b"\n", b"\r\n")
    for moment in ("UID FETCH 2 (UID RFC822.SIZE", "UID FETCH 2 (UID BODY", "UID MOVE 2"):
        async with serving(faults := Faults(), FIRST, SECOND, third) as server:

            def delete(command: str, server: ImapServer = server, moment: str = moment) -> None:
                if command.startswith(moment):
                    server.folders["INBOX"].pop(2, None)

            faults.on_command = delete
            intake = Running(channel(server), tmp_path)
            await emptied(server)
            await intake.stop()
        subjects = ["first", "second", "third"] if moment.startswith("UID MOVE") else ["first", "third"]
        assert (taken(intake), processed(server)) == (subjects, [FIRST, third])


async def subjects_until(intake: Running, count: int) -> list[str]:
    """Subjects of what is handed over, each key once, when there are so many."""
    async with asyncio.timeout(60):
        while True:
            found = {each.key: each.subject for each in intake.temporal.taken if isinstance(each, InboundMessage)}
            if len(found) >= count:
                return list(found.values())
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("action", ["move", "flag", "delete"])
async def test_the_first_run_leaves_old_mails_alone_also_where_it_is_cut_off(tmp_path: Path, action: str) -> None:
    now = datetime.now(UTC)
    dates = [format_internal_date(now - timedelta(hours=hours)) for hours in (72, 25, 23)]
    mails = [RESULTS + mail(subject).replace(b"\n", b"\r\n") for subject in ("old", "older", "new", "next")]
    expected = ["old", "older", "new"] if action == "delete" else ["new"]  # a mailbox that is emptied has no first run
    for at in (0, *range(4, 24, {"move": 2, "flag": 4, "delete": 20}[action])):
        async with imap_server(Faults(at=at, kind="after")) as server:
            for raw, date in zip(mails[:3], dates, strict=True):
                server.deliver(raw, date=date)
            settings = channel(server, first_run_max_age="24h", processed={"action": action})
            intake = Running(settings, tmp_path)
            assert await subjects_until(intake, len(expected)) == expected, at
            await intake.until(MailboxState.CONNECTED)
            server.deliver(mails[3], date=dates[0])  # as old, and the first run is over
            assert await subjects_until(intake, len(expected) + 1) == [*expected, "next"], at
            assert at or intake.intake.status.adopted == 3 - len(expected)
            await intake.stop()
        kept = [each for folder in server.folders.values() for each in folder.values()]
        assert not [each for each in kept if "\\Seen" in each.flags]


async def test_a_thousand_mails_at_once(tmp_path: Path) -> None:
    mails = [FIRST.replace(b"first", f"mail-{number}".encode()) for number in range(1000)]
    async with serving(Faults(), *mails) as server:
        intake = Running(channel(server), tmp_path)
        await emptied(server, 200)
        await intake.stop()
    assert taken(intake) == [f"mail-{number}" for number in range(1000)]
    assert len(processed(server)) == 1000
