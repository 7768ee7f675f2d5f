"""What becomes of mails besides messages: above the limit, bounces, and what cannot be read."""

from pathlib import Path

import pytest

from airut.demo.mailserver import MailServer
from airut.models.threads.command import CommandName
from airut.ports.mailbox import Disposition
from signals.mail.status import MailboxState
from tests.signals.mail.intake_bench import Running, folder_size, mail, running, settled
from tests.signals.mail.test_bounces import BOUNCE, POSTFIX
from tests.support.mailserver import PASSWORD, email_channel, mail_server  # noqa: F401  # fixture

ALICE, BOB = "alice@example.org", "bob@example.org"


@pytest.mark.parametrize("action", ["move", "flag"])
async def test_above_the_limit(mail_server: MailServer, tmp_path: Path, action: str) -> None:  # noqa: F811
    address = mail_server.add_user(f"rate-{action}", PASSWORD)
    processed: dict[str, object] = {"processed": {"action": action}}
    channel = email_channel(mail_server, address, limits={"per_sender": "3/h", "per_repo": "5/h"}, imap=processed)
    async with running(channel, tmp_path) as intake:
        mail_server.deliver(mail("ours", Auto_Submitted="auto-replied"), address)  # not taken, so not counted
        for number in range(5):
            mail_server.deliver(mail(f"mail {number}", ALICE), address)
        assert [(await intake.temporal.next()).subject for _ in range(3)] == [f"mail {number}" for number in range(3)]
        told = await intake.temporal.next_command()
        await settled(mail_server, address, "Airut.Rejected", 2)
        assert intake.temporal.received.empty()  # one notice an hour
    assert (told.name, told.author, told.message.subject) == (CommandName.HELP, ALICE, "mail 3")
    assert told.said.startswith(
        "**Your mail was not taken: you have sent 4 mails within an hour, and at most 3 are taken"
    )
    assert [(entry.reason, entry.disposition) for entry in intake.audit[1:]] == [("rate", Disposition.REJECTED)] * 2
    assert intake.audit[1].detail == f"{ALICE} is above limits.per_sender: 3 an hour"

    async with running(channel, tmp_path) as again:
        for number in range(3):
            mail_server.deliver(mail(f"bob {number}", BOB), address)
        mail_server.deliver(mail("more", ALICE), address)
        assert [(await again.temporal.next()).subject for _ in range(2)] == ["bob 0", "bob 1"]
        told = await again.temporal.next_command()
        assert told.said.startswith("**Your mail was not taken: this address has had 6 mails within an hour")
        told = await again.temporal.next_command()
        assert (told.author, told.said[:60]) == (ALICE, "**Your mail was not taken: you have sent 4 mails within an h")
        await settled(mail_server, address, "Airut.Rejected", 4)


async def test_a_report_of_a_bounce_goes_to_its_thread_and_waits_for_temporal_as_mails_do(
    mail_server: MailServer,  # noqa: F811
    tmp_path: Path,
) -> None:
    address = mail_server.add_user("bounced", PASSWORD)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        intake.temporal.down = ConnectionError("refused")
        mail_server.deliver(POSTFIX.encode(), address, results=None)
        await intake.until(MailboxState.DEGRADED, "temporal: refused")
        intake.temporal.down = None
        await settled(mail_server, address, "Airut.Processed", 1)
    (told,) = intake.temporal.bounces
    assert told == BOUNCE.model_copy(update={"thread": "repo/mail/abcdefghij234567", "at": told.at})
    assert [(entry.reason, entry.detail) for entry in intake.audit] == [
        ("bounce", f"task 3 of repo/mail/abcdefghij234567: {BOUNCE.words}")
    ]
    assert intake.temporal.received.empty()


async def test_the_notice_waits_for_temporal_as_mails_do(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("rate-away", PASSWORD)
    channel = email_channel(mail_server, address, limits={"per_sender": "1/h"})
    async with running(channel, tmp_path) as intake:
        mail_server.deliver(mail("first"), address)
        await intake.temporal.next()
        intake.temporal.down = ConnectionError("refused")
        mail_server.deliver(mail("second"), address)
        await intake.until(MailboxState.DEGRADED, "temporal: refused")
        assert folder_size(mail_server, address, "INBOX") == 1
        intake.temporal.down = None
        assert (await intake.temporal.next_command()).message.subject == "second"
        await settled(mail_server, address, "Airut.Rejected", 1)


async def test_put_back_by_a_person_a_mail_is_taken(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("rate-again", PASSWORD)
    limited = email_channel(mail_server, address, limits={"per_sender": "1/h"})
    async with running(limited, tmp_path) as intake:
        for _ in range(2):
            mail_server.deliver(mail("same"), address)
        taken, told = await intake.temporal.next(), await intake.temporal.next_command()
    assert told.key != taken.key  # the notice is not mistaken for the mail


async def test_the_sender_of_a_mail_that_cannot_be_read_is_told(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("poison-told", PASSWORD)
    intake = Running(email_channel(mail_server, address), tmp_path)
    await intake.until(MailboxState.CONNECTED)
    intake.temporal.refused = "poison"
    mail_server.deliver(mail("poison"), address)
    mail_server.deliver(mail("poison", "eve@elsewhere.test"), address, results="dmarc=fail")
    told = await intake.temporal.next_command()
    await settled(mail_server, address, "Airut.Failed", 1)
    await settled(mail_server, address, "Airut.Rejected", 1)
    await intake.stop()
    assert (told.author, told.said.partition(",")[0]) == (ALICE, "**Your mail could not be read**")
    assert [(entry.reason, entry.sender) for entry in intake.audit if entry.reason == "poison"] == [
        ("poison", "Alice <alice@example.org>")
    ]
