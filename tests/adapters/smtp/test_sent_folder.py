"""What was sent is looked up before it is sent again, and kept where that is wanted."""

from datetime import datetime
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.imap.sent import ImapSentFolder
from airut.adapters.smtp import SmtpChannel
from airut.demo.mailbox import Mailbox
from airut.demo.mailserver import MailServer
from airut.errors import DeliveryDeferred
from airut.models.mail.settings import MailAccount, Replies, Security, SmtpSettings
from airut.models.tasks.reply import Delivery
from airut.ports.mailbox import MailboxRefused, MailboxUnavailable
from tests.adapters.smtp.scripted_server import ScriptedServer, running
from tests.adapters.smtp.test_channel import MESSAGE_ID, OUTBOUND
from tests.support.mailserver import email_channel, mail_server  # noqa: F401  # fixture

ACCOUNT = MailAccount.model_validate({"username": "bot", "password": "p", "from": "bot@mail.test"})
AGAIN = OUTBOUND.model_copy(update={"again": True})


class Kept:
    """A sent folder in memory, or one that fails."""

    def __init__(self, *ids: str, error: Exception | None = None) -> None:
        self.mails: dict[str, bytes] = dict.fromkeys(ids, b"")
        self._error = error

    async def has(self, message_id: str) -> bool:
        if self._error is not None:
            raise self._error
        return message_id in self.mails

    async def keep(self, message_id: str, content: bytes, at: datetime) -> None:
        if self._error is not None:
            raise self._error
        self.mails[message_id] = content


def channel(port: int, blobs: Path, sent: Kept, saves: bool = False) -> SmtpChannel:
    settings = SmtpSettings(host="127.0.0.1", port=port, security=Security.PLAIN, sent_folder="Sent", save_sent=saves)
    return SmtpChannel(settings, ACCOUNT, Replies(), LocalBlobStore(blobs), "i", sent=sent, authorized=("*@mail.test",))


@pytest.mark.parametrize(
    ("sent", "again", "mails"),
    [
        (Kept(MESSAGE_ID), True, 0),
        (Kept(MESSAGE_ID), False, 1),  # a first try has nothing to look for
        (Kept("<other@mail.test>"), True, 1),
        (Kept(error=MailboxRefused("no such folder")), True, 1),
    ],
    ids=["found", "first try", "not found", "no folder"],
)
async def test_a_second_try_looks_first(tmp_path: Path, sent: Kept, again: bool, mails: int) -> None:
    async with running(ScriptedServer()) as server:
        outbound = OUTBOUND.model_copy(update={"again": again})
        assert await channel(server.port, tmp_path, sent).send(outbound) == Delivery(message_id=MESSAGE_ID)
    assert len(server.mails) == mails


async def test_while_nobody_can_look_it_is_not_sent_again(tmp_path: Path) -> None:
    async with running(ScriptedServer()) as server:
        sender = channel(server.port, tmp_path, Kept(error=MailboxUnavailable("mail.test: no answer")))
        with pytest.raises(DeliveryDeferred, match=r"cannot look whether it was sent already: mail\.test: no answer"):
            await sender.send(AGAIN)
    assert server.commands == []


@pytest.mark.parametrize("saves", [True, False])
async def test_a_copy_is_kept_where_that_is_configured(tmp_path: Path, saves: bool) -> None:
    sent = Kept()
    async with running(ScriptedServer()) as server:
        await channel(server.port, tmp_path, sent, saves).send(OUTBOUND)
    assert sent.mails == ({MESSAGE_ID: server.mails[0].replace(b"\r\n..", b"\r\n.")} if saves else {})


async def test_without_a_copy_it_is_sent_all_the_same(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sent = Kept(error=MailboxUnavailable("mail.test: away"))
    async with running(ScriptedServer()) as server:
        assert await channel(server.port, tmp_path, sent, saves=True).send(OUTBOUND) == Delivery(message_id=MESSAGE_ID)
    assert f"no copy of {MESSAGE_ID} is kept: mail.test: away" in caplog.text


async def test_a_real_folder(mail_server: MailServer) -> None:  # noqa: F811
    address = mail_server.add_user("sent", "plain")
    settings = email_channel(mail_server, address, account={"password": "plain"})
    inbox, other = (ImapSentFolder(settings.imap, settings.account, name) for name in ("INBOX", "Gesendet"))
    raw = f"Message-ID: {MESSAGE_ID}\r\nSubject: ".encode() + b"x" * 3_000_000 + b"\r\n\r\nbody {5}\r\n"
    assert await inbox.has(MESSAGE_ID) is False
    for _ in range(2):
        await inbox.keep(MESSAGE_ID, raw, OUTBOUND.at)
    assert await inbox.has(MESSAGE_ID) is True
    assert await inbox.has(MESSAGE_ID.replace("done.0", "done.1")) is False
    (kept,) = await Mailbox(mail_server.host, mail_server.imap_port, mail_server.ca_file, address, "plain").read()
    assert (kept["Message-ID"], len(str(kept["Subject"]))) == (MESSAGE_ID, 3_000_000)
    with pytest.raises(MailboxRefused, match=r"smtp\.sent_folder Gesendet: "):
        await other.has(MESSAGE_ID)
