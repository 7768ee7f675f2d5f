"""The relay between the product and the mail server: what it holds, and that it changes nothing."""

import asyncio
import contextlib
import smtplib
import ssl
from email.message import EmailMessage
from pathlib import Path

import pytest

from airut.demo.mailbox import compose
from airut.demo.mailserver import MailServer
from airut.demo.tls import Authority
from tests.chaos.smtp_relay import SmtpRelay
from tests.support.mailserver import mail_server  # noqa: F401  # fixture

PASSWORD = "plain enough for smtplib"


def submit(port: int, ca: Path, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=20) as smtp:
        smtp.starttls(context=ssl.create_default_context(cafile=str(ca)))
        smtp.login(str(mail["From"]), PASSWORD)
        smtp.send_message(mail)


async def test_a_held_mail_is_with_the_server_and_nobody_knows(mail_server: MailServer) -> None:  # noqa: F811
    address = mail_server.add_user("relayed@mail.test", PASSWORD)
    relay = SmtpRelay(Authority.at(mail_server.ca_file.parent), mail_server.smtp_port)
    port = await relay.start()
    try:
        free, held = (compose(address, address, subject, "Text.") for subject in ("free", "held T1"))
        await asyncio.to_thread(submit, port, mail_server.ca_file, free)
        hold = relay.hold("held T1", str(held["Message-ID"]))
        sending = asyncio.create_task(asyncio.to_thread(submit, port, mail_server.ca_file, held))
        await asyncio.wait_for(hold.reached.wait(), 60)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sending), 0.3)
        hold.released.set()
        await asyncio.wait_for(sending, 60)
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await relay.close()
