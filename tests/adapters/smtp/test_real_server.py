"""Against Exim and Dovecot: TLS, authentication, delivery of awkward texts."""

import asyncio
import imaplib
import os
import shutil
import ssl
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from airut.adapters.blobs_local import LocalBlobStore
from airut.adapters.smtp import SmtpChannel
from airut.demo.mailserver import MailServer
from airut.errors import DeliveryDeferred
from airut.models.credentials.secret import Secret
from airut.models.mail.settings import MailAccount, Replies, SmtpSettings
from airut.models.threads.message import Attachment
from tests.adapters.smtp.test_channel import OUTBOUND, ROUTE

PASSWORD = 'pass "word" \\ ü'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    yield from started(tmp_path_factory, "127.0.0.1")


@pytest.fixture(scope="module")
def wrong_name(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    yield from started(tmp_path_factory, "mail.elsewhere.test")


def started(factory: pytest.TempPathFactory, certificate_host: str) -> Iterator[MailServer]:
    folder = factory.mktemp("mail")
    for parent in (folder, *folder.parents[:2]):
        os.chmod(parent, 0o755)  # the servers run as nobody
    server = MailServer(folder, certificate_host=certificate_host)
    for name in ("bot", "ann", "bob"):
        server.add_user(name, PASSWORD)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def channel(server: MailServer, blobs: Path, password: str = PASSWORD, trusted: bool = True) -> SmtpChannel:
    settings = SmtpSettings(host=server.host, port=server.smtp_port, ca_file=server.ca_file if trusted else None)
    account = MailAccount(username="bot@mail.test", password=Secret(password), **{"from": "Aïrut <bot@mail.test>"})
    return SmtpChannel(settings, account, Replies(), LocalBlobStore(blobs), "inst-1", authorized=("*@mail.test",))


def mailbox(server: MailServer, user: str) -> list[EmailMessage]:
    context = ssl.create_default_context(cafile=str(server.ca_file))
    with imaplib.IMAP4_SSL(server.host, server.imap_port, ssl_context=context) as imap:
        imap.authenticate("PLAIN", lambda _: f"\0{user}@mail.test\0{PASSWORD}".encode())
        imap.select()
        numbers = imap.search(None, "ALL")[1][0].split()
        parts = [imap.fetch(number.decode(), "(RFC822)")[1][0] for number in numbers]
    raw = [part[1] for part in parts if isinstance(part, tuple)]
    return [message_from_bytes(one, _class=EmailMessage, policy=default) for one in raw]


async def arrived(server: MailServer, user: str, message_id: str) -> EmailMessage:
    """The server accepts first and delivers a moment later."""
    async with asyncio.timeout(60):
        while True:
            for mail in await asyncio.to_thread(mailbox, server, user):
                if mail["Message-ID"] == message_id:
                    return mail
            await asyncio.sleep(0.1)


async def test_delivery_with_text_that_mail_likes_to_break(server: MailServer, tmp_path: Path) -> None:
    markdown = "From here\n.\n..dots\n\n" + "long " * 400 + "\n\n日本語 é\n\n```\n\ttab\n```\n"
    ref = await LocalBlobStore(tmp_path).put(bytes(range(256)) * 100)
    outbound = OUTBOUND.model_copy(
        update={
            "markdown": markdown,
            "routes": (ROUTE.model_copy(update={"subject": "Grüße: " + "sehr lang " * 30}),),
            "attachments": (Attachment(name="Übersicht 1.bin", media_type="application/x-thing", content=ref),),
        }
    )
    delivery = await channel(server, tmp_path).send(outbound)
    for user in ("ann", "bob"):
        mail = await arrived(server, user, delivery.message_id)
        assert mail["Subject"] == "Re: Grüße: " + "sehr lang " * 29 + "sehr lang"
        assert mail["From"] == "Aïrut <bot@mail.test>"
        assert "dmarc=pass" in mail["Authentication-Results"]
        text = mail.get_body(("plain",))
        assert text is not None
        assert text.get_content().replace("\r\n", "\n").startswith(markdown)
        (file,) = mail.iter_attachments()
        assert (file.get_filename(), file.get_content()) == ("Übersicht 1.bin", bytes(range(256)) * 100)


async def test_wrong_password(server: MailServer, tmp_path: Path) -> None:
    with pytest.raises(DeliveryDeferred, match="535") as caught:
        await channel(server, tmp_path, password="not-the-password").send(OUTBOUND)
    assert "not-the-password" not in str(caught.value)


async def test_certificate_of_an_unknown_authority(server: MailServer, tmp_path: Path) -> None:
    with pytest.raises(DeliveryDeferred, match=r"TLS to 127\.0\.0\.1 failed: unknown issuer"):
        await channel(server, tmp_path, trusted=False).send(OUTBOUND)


async def test_certificate_for_another_name(wrong_name: MailServer, tmp_path: Path) -> None:
    with pytest.raises(DeliveryDeferred, match="certificate is for another name"):
        await channel(wrong_name, tmp_path).send(OUTBOUND)


async def test_server_down_and_up_again(server: MailServer, tmp_path: Path) -> None:
    sender = channel(server, tmp_path)
    outbound = OUTBOUND.model_copy(update={"seq": 7})
    server.stop()
    with pytest.raises(DeliveryDeferred):
        await sender.send(outbound)
    server.start()
    delivery = await sender.send(outbound)
    assert await arrived(server, "ann", delivery.message_id)
