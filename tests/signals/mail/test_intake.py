"""The whole way from a real mailbox to the submit callable."""

import asyncio
import contextlib
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from pathlib import Path

import pytest
from temporalio.service import RPCError, RPCStatusCode

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.imap.mailbox import imap_mailbox
from airut.demo.mailserver import MailServer
from airut.errors import NoSpace
from airut.models.threads.command import CommandName
from airut.models.threads.message import MailRoute
from airut.ports.mailbox import Disposition
from signals.mail.handling import SubmitRefused
from signals.mail.intake import MailIntake
from signals.mail.status import MailboxState
from tests.signals.mail.intake_bench import (
    FAST,
    NoDns,
    Running,
    Temporal,
    folder_size,
    mail,
    running,
    settled,
)
from tests.support.mailserver import PASSWORD, email_channel, mail_server, running_mail_server  # noqa: F401  # fixture


@pytest.mark.parametrize("idle", [True, False])
async def test_pushed_mail_is_submitted_then_moved(mail_server: MailServer, tmp_path: Path, idle: bool) -> None:  # noqa: F811
    address = mail_server.add_user(f"push-{idle}", PASSWORD)
    async with running(email_channel(mail_server, address, imap={"idle": idle}), tmp_path) as intake:
        for number in range(3):
            async with asyncio.timeout(30):  # far sooner than it looks again by itself
                mail_server.deliver(mail(f"mail {number}"), address)
                message = await intake.temporal.next()
            assert (message.author, message.subject, message.text.inline) == (
                "alice@example.org",
                f"mail {number}",
                "Please.",
            )
            assert message.thread.startswith("repo/mail/")
        await settled(mail_server, address, "Airut.Processed", 3)
        assert intake.audit == []


async def test_many_mails_at_once_come_in_order(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("many", PASSWORD)
    for number in range(50):
        mail_server.deliver(mail(f"mail {number}"), address)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        subjects = [(await intake.temporal.next()).subject for _ in range(50)]
        assert subjects == [f"mail {number}" for number in range(50)]
        await settled(mail_server, address, "INBOX", 0)


@pytest.mark.parametrize(
    ("raw", "results", "reason", "folder"),
    [
        (mail(), "dmarc=fail", "dmarc_failed", "Airut.Rejected"),
        (mail(), None, "no_results", "Airut.Rejected"),
        (b"Authentication-Results: mail.test; dmarc=pass\r\n" + mail(), "dmarc=none", "dmarc_failed", "Airut.Rejected"),
        (mail(sender="eve@example.com"), "dmarc=pass", "unauthorized", "Airut.Rejected"),
        (mail(sender="eve@sub.example.org"), "dmarc=pass", "unauthorized", "Airut.Rejected"),
        (b"From: eve@example.com\r\n" + mail(), "dmarc=pass", "bad_from", "Airut.Rejected"),
        (mail(Auto_Submitted="auto-replied"), "dmarc=pass", "auto_submitted", "Airut.Processed"),
        (mail(X_Airut_Installation="x"), "dmarc=pass", "own", "Airut.Processed"),
    ],
)
async def test_put_aside_without_a_word(
    mail_server: MailServer,  # noqa: F811
    tmp_path: Path,
    raw: bytes,
    results: str | None,
    reason: str,
    folder: str,
) -> None:
    address = mail_server.add_user(f"aside-{reason}-{len(raw)}", PASSWORD)
    mail_server.deliver(raw, address, results=results)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        await settled(mail_server, address, folder, 1)
        assert [entry.reason for entry in intake.audit] == [reason]
        assert intake.temporal.received.empty()


async def test_killed_between_submit_and_move(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("killed", PASSWORD)
    channel = email_channel(mail_server, address)
    mail_server.deliver(mail(), address)
    first = Running(channel, tmp_path)
    first.temporal.then = first.task.cancel
    before = await first.temporal.next()
    await first.stop()
    async with running(channel, tmp_path) as second:
        again = await second.temporal.next()
        await settled(mail_server, address, "Airut.Processed", 1)
    assert again == before


@pytest.mark.parametrize(
    "down",
    [
        ConnectionError("connection refused"),
        TimeoutError("no answer"),
        RPCError("no answer", RPCStatusCode.UNAVAILABLE, b""),
        NoSpace("no space for a blob of 20000 bytes"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_temporal_down(mail_server: MailServer, tmp_path: Path, down: Exception) -> None:  # noqa: F811
    address = mail_server.add_user(f"temporal-{type(down).__name__.lower()}", PASSWORD)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        intake.temporal.down = down
        mail_server.deliver(mail(), address)
        await intake.until(MailboxState.DEGRADED, f"temporal: {down}")
        assert folder_size(mail_server, address, "INBOX") == 1
        intake.temporal.down = None
        assert (await intake.temporal.next()).subject == "Fix it"
        await intake.until(MailboxState.CONNECTED)
        await settled(mail_server, address, "Airut.Processed", 1)


@pytest.mark.parametrize("refusal", [SubmitRefused("too large"), ValueError("cannot be serialized")])
async def test_poison_does_not_delay_the_next(mail_server: MailServer, tmp_path: Path, refusal: Exception) -> None:  # noqa: F811
    address = mail_server.add_user(f"poison-{type(refusal).__name__.lower()}", PASSWORD)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        intake.temporal.refused, intake.temporal.refusal = "poison", refusal
        mail_server.deliver(mail("poison"), address)
        mail_server.deliver(mail("good"), address)
        assert (await intake.temporal.next()).subject == "good"
        await settled(mail_server, address, "Airut.Failed", 1)
        assert [entry.reason for entry in intake.audit] == ["poison"]
        await intake.until(MailboxState.CONNECTED)


async def test_a_lone_surrogate_goes_through(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("surrogate", PASSWORD)
    raw = (
        b"From: Alice <alice@example.org>\r\nSubject: =?utf-7?q?one+2AA-two?=\r\nMIME-Version: 1.0\r\n"
        b"Message-ID: <surrogate@example.org>\r\nContent-Type: text/plain; charset=utf-7\r\n\r\none+2AA-two\r\n"
    )
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        mail_server.deliver(raw, address)
        message = await intake.temporal.next()
        assert (message.subject, message.text.inline) == ("onetwo", "onetwo")
        await settled(mail_server, address, "Airut.Processed", 1)


async def test_without_an_audit_what_was_refused_is_in_the_log(
    mail_server: MailServer,  # noqa: F811
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    address = mail_server.add_user("logged", PASSWORD)
    channel = email_channel(mail_server, address)
    spoofed = mail("Confidential subject")
    mail_server.deliver(spoofed, address, results=f"dmarc=fail reason={'x' * 500}")
    caplog.set_level("INFO", "airut.audit")
    opened = imap_mailbox(channel.imap, channel.account)
    temporal = Temporal()
    intake = MailIntake(
        "repo", channel, opened, temporal.submit, temporal.report, LocalBlobStore(tmp_path), NoDns(), delays=FAST
    )
    task = asyncio.ensure_future(intake.run())
    await settled(mail_server, address, "INBOX", 0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    (line,) = [record.getMessage() for record in caplog.records if record.name == "airut.audit"]
    assert line.startswith("message.refused repo/email by Alice <alice@example.org> (reason: dmarc_failed, why: ")
    assert f"folder: {Disposition.REJECTED}, uid: " in line
    results = line.partition("results: ")[2].removesuffix(")")
    assert results.startswith("mail.test; dmarc=fail")
    assert len(results) == 200
    assert "\n" not in line
    assert "Please." not in line


@pytest.mark.parametrize(
    ("auth", "expected"),
    [({}, False), ({"continue": "participants"}, False), ({"continue": "authorized"}, True)],
    ids=["default", "participants", "authorized"],
)
async def test_who_may_continue_goes_with_the_message(
    mail_server: MailServer,  # noqa: F811
    tmp_path: Path,
    auth: dict[str, object],
    expected: bool,
) -> None:
    address = mail_server.add_user(f"open-to-{expected}-{len(auth)}", PASSWORD)
    async with running(email_channel(mail_server, address, auth=auth), tmp_path) as intake:
        mail_server.deliver(mail(), address)
        assert (await intake.temporal.next()).open_to_authorized is expected


async def test_server_restart(tmp_path: Path) -> None:
    with running_mail_server() as server:
        address = server.add_user("agent", PASSWORD)
        async with running(email_channel(server, address), tmp_path) as intake:
            server.kill()
            await intake.until(MailboxState.DEGRADED)
            server.start()
            await intake.until(MailboxState.CONNECTED)
            server.deliver(mail(), address)
            assert (await intake.temporal.next()).subject == "Fix it"
            server.stop()
            await intake.until(MailboxState.DEGRADED)
            server.start()
            server.deliver(mail("second"), address)
            assert (await intake.temporal.next()).subject == "second"


async def test_html_reply_with_files(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("html", PASSWORD)
    message = EmailMessage()
    message["From"] = "alice@example.org"
    message["To"] = f"agent@mail.test, Bob <bob@example.org>, {address}"
    message["Subject"] = "Re: Grüße"
    message["In-Reply-To"] = "<airut.abcdefghij234567.1.done.0@mail.test>"
    message["Message-ID"] = "<html@example.org>"
    message.set_content("plain")
    quote = '<div class="gmail_quote">On Monday 1, Bob wrote:<blockquote>old</blockquote></div>'
    message.add_alternative(f"<p>Use <b>this</b></p>{quote}", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="../a.pdf")
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        mail_server.deliver(message.as_bytes(), address)
        received = await intake.temporal.next()
        assert received.thread == "repo/mail/abcdefghij234567"
        assert received.text.inline == "Use **this**\n\n[earlier messages cut]"
        assert received.uncut is not None
        assert received.uncut.inline is not None
        assert "> old" in received.uncut.inline
        assert isinstance(received.route, MailRoute)
        assert (*received.route.to, *received.route.cc) == ("agent@mail.test", "bob@example.org", address)
        assert received.participants == (
            "alice@example.org",
            "bob@example.org",
        )  # of those addressed, who is authorized
        (file,) = received.attachments
        assert (file.name, file.media_type) == ("a.pdf", "application/pdf")
        assert await intake.blobs.get(file.content) == b"%PDF"


async def test_a_command_goes_to_its_thread_and_counts_by_the_same_key(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("command", PASSWORD)
    html = '<div>Stop.</div><div class="gmail_quote">On Monday 1, Bob wrote:<blockquote>old</blockquote></div>'
    raws: list[bytes] = []
    for name, text in (("stop", html), ("empty", "<br>")):
        message = EmailMessage()
        message["From"] = "alice@example.org"
        message["Message-ID"] = f"<{name}@example.org>"
        message["In-Reply-To"] = "<airut.abcdefghij234567.1.done.0@mail.test>"
        message.set_content(text, subtype="html")
        raws.append(message.as_bytes())
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        for raw in (raws[0], raws[0], raws[1]):
            mail_server.deliver(raw, address)
        first, again, empty = [await intake.temporal.next_command() for _ in range(3)]
        await settled(mail_server, address, "Airut.Processed", 3)
    assert (first.name, first.message.thread, first.author) == (
        CommandName.STOP,
        "repo/mail/abcdefghij234567",
        "alice@example.org",
    )
    assert (first.message.text.inline, first.message.uncut, first.answered) == ("", None, True)
    assert again == first
    assert (empty.name, empty.unknown) == (CommandName.HELP, "")
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


async def test_long_text_goes_to_the_blob_store(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("long", PASSWORD)
    message = EmailMessage()
    message["From"] = "alice@example.org"
    message.set_content("word " * 5000)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        mail_server.deliver(message.as_bytes(), address)
        received = await intake.temporal.next()
        assert received.text.blob is not None
        assert (await intake.blobs.get(received.text.blob)).decode() == ("word " * 5000).strip()


async def test_one_message_id_twice_and_from_two_senders(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("twice", PASSWORD)
    async with running(email_channel(mail_server, address), tmp_path) as intake:
        for sender in ("alice@example.org", "alice@example.org", "bob@example.org"):
            mail_server.deliver(mail(sender=sender), address)
        keys = [(await intake.temporal.next()).key for _ in range(3)]
        assert keys[0] == keys[1] != keys[2]


async def test_too_big_a_mail_becomes_its_header(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("big", PASSWORD)
    async with running(email_channel(mail_server, address, limits={"message": "1k"}), tmp_path) as intake:
        mail_server.deliver(mail() + b"x" * 5000, address)
        answered = await intake.temporal.next_command()
        assert answered.said.startswith("Your mail has 5 KiB, the limit is 1 KiB")
        assert answered.author == "alice@example.org"


async def test_dns_down_keeps_the_mail(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("dns", PASSWORD)
    signature = "v=1; a=rsa-sha256; d=example.org; s=s; h=from:subject:date; bh=AAAA; b=AAAA"
    channel = email_channel(mail_server, address, auth={"mode": "verify"})
    async with running(channel, tmp_path) as intake:
        mail_server.deliver(mail(DKIM_Signature=signature, Date=format_datetime(localtime())), address)
        await intake.until(MailboxState.DEGRADED, "dns: ")
        assert folder_size(mail_server, address, "INBOX") == 1
        assert intake.audit == []


async def test_wrong_password_is_told_and_tried_again(mail_server: MailServer, tmp_path: Path) -> None:  # noqa: F811
    address = mail_server.add_user("password", "another")
    intake = Running(email_channel(mail_server, address), tmp_path)
    await intake.until(MailboxState.DEGRADED, "refused")
    mail_server.add_user(address, PASSWORD)
    await intake.until(MailboxState.CONNECTED)
    await intake.stop()
