"""The IMAP adapter against real Dovecot."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from airut.demo.mailserver import MailServer
from airut.ports.mailbox import Disposition, Mailbox, MailboxRefused
from tests.adapters.imap.scripted import opened
from tests.support.mailserver import PASSWORD, email_channel, mail_server  # noqa: F401  # fixture

RAW = b"From: alice@example.org\r\nSubject: hi\r\n\r\nbody (\r\n"


LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def arrived(mailbox: Mailbox) -> tuple[int, ...]:
    """A mail may be told of a moment after it is delivered."""
    while not (found := await mailbox.search()):
        await mailbox.wait(2)
    return found


@pytest.mark.parametrize("action", ["move", "flag", "delete"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_cycle(mail_server: MailServer, action: str, security: str) -> None:  # noqa: F811
    address = mail_server.add_user(f"cycle-{action}-{security}", PASSWORD)
    port = mail_server.imap_port if security == "tls" else mail_server.imap_starttls_port
    imap: dict[str, object] = {"port": port, "security": security, "processed": {"action": action}}
    channel = email_channel(mail_server, address, imap=imap)
    async with opened(channel) as mailbox:
        assert await mailbox.adopt(LONG_AGO) == 0
        assert await mailbox.search() == ()
        waiting = asyncio.ensure_future(mailbox.wait(5))
        await asyncio.sleep(0.05)
        mail_server.deliver(RAW, address)
        await waiting
        (uid,) = await arrived(mailbox)
        mail = await mailbox.fetch(uid, 10_000)
        assert mail is not None
        assert mail.content.endswith(RAW)
        assert mail.whole
        assert mail.size == len(mail.content)
        assert "\\Seen" not in mail.flags
        header = await mailbox.fetch(uid, 10)
        assert header is not None
        assert not header.whole
        assert header.content.endswith(b"Subject: hi\r\n\r\n")
        await mailbox.settle(uid, Disposition.PROCESSED)
        assert await mailbox.search() == ()
        await mailbox.settle(uid, Disposition.PROCESSED)
        assert await mailbox.fetch(999, 10) is None


async def test_first_run_adopts_old_mails(mail_server: MailServer) -> None:  # noqa: F811
    for action in ("move", "flag"):
        address = mail_server.add_user(f"old-{action}", PASSWORD)
        for _ in range(3):
            mail_server.deliver(RAW, address)
        channel = email_channel(mail_server, address, imap={"processed": {"action": action}})
        async with opened(channel) as mailbox:
            assert await mailbox.adopt(datetime.now(UTC) + timedelta(hours=1)) == 3
            assert await mailbox.search() == ()
            mail_server.deliver(RAW, address)
            assert await mailbox.adopt(datetime.now(UTC) + timedelta(hours=1)) == 0
            assert len(await arrived(mailbox)) == 1


async def test_wrong_password(mail_server: MailServer) -> None:  # noqa: F811
    address = mail_server.add_user("refused", PASSWORD)
    channel = email_channel(mail_server, address, account={"password": "secret-wrong"})
    with pytest.raises(MailboxRefused) as error:
        async with opened(channel):
            pass
    assert "secret-wrong" not in str(error.value)


async def test_password_changed_to_another_of_its_length(mail_server: MailServer) -> None:  # noqa: F811
    """What the server had read a moment ago is no longer of use, even when the file has the same size."""
    for password in ("first", "other"):
        address = mail_server.add_user("changed", password)
        channel = email_channel(mail_server, address, account={"password": password})
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(MailboxRefused):
                    async with opened(channel):
                        break
                await asyncio.sleep(0.1)
