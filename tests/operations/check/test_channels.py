"""Log-ins, at real mail servers and an emulated Slack."""

import pytest

from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.smtp.submission import Submission
from airut.demo.mailserver import MailServer
from airut.errors import DeliveryDeferred
from airut.models.mail.settings import MailAuth
from airut.models.slack.settings import SlackChannel
from airut.operations.check.channels import mailbox, senders, slack, strangers, submission
from airut.operations.check.finding import fail, ok, warn
from airut.ports.mailbox import MailboxRefused
from tests.support.mailserver import PASSWORD, email_channel, mail_server  # noqa: F401  # fixture
from tests.support.slack.methods import APP_TOKEN, BOT_TOKEN
from tests.support.slack.server import SlackServer

MENDED = "compare the app with `airut slack manifest`, and install it again"


async def test_mail(mail_server: MailServer) -> None:  # noqa: F811
    mail_server.add_user("check@example.org", PASSWORD)
    mail = email_channel(mail_server, "check@example.org")
    assert await mailbox("web imap", mail, None) == (ok("web imap", "check@example.org logged in"),)
    sender = Submission(mail.smtp, mail.account)
    assert await submission("web smtp", mail, sender) == (
        ok("web smtp", f"{mail_server.host} takes mails of check@example.org"),
    )
    absent = email_channel(mail_server, "check@example.org", imap={"folder": "Nowhere"})
    (found,) = await mailbox("web imap", absent, None)
    assert (found.state, found.says[:37]) == ("fail", "the folder Nowhere cannot be opened: ")


async def test_mail_that_refuses(mail_server: MailServer) -> None:  # noqa: F811
    mail_server.add_user("check@example.org", PASSWORD)
    mail = email_channel(mail_server, "check@example.org", account={"password": "another"})
    with pytest.raises(MailboxRefused, match=r"^login at 127\.0\.0\.1 refused: "):
        await mailbox("web imap", mail, None)
    with pytest.raises(DeliveryDeferred, match="answered 535"):
        await submission("web smtp", mail, Submission(mail.smtp, mail.account))


async def test_mails_that_another_server_has_verified(mail_server: MailServer) -> None:  # noqa: F811
    mail_server.add_user("verified@example.org", PASSWORD)
    mail = email_channel(mail_server, "verified@example.org", auth={"trusted_authserv_id": ("mx.example.org",)})
    logged_in = ok("web imap", "verified@example.org logged in")
    assert await mailbox("web imap", mail, None) == (logged_in,)  # nothing to judge by
    sent = "From: a@b.test\r\nTo: verified@example.org\r\nSubject: x\r\n\r\nhello\r\n"
    mail_server.deliver(f"Authentication-Results: other.test; dmarc=pass\r\n{sent}".encode(), "verified@example.org")
    (first, second) = await mailbox("web imap", mail, None)
    assert (first, second.state) == (logged_in, "warn")
    assert second.says.startswith("of 1 mails none was verified by mx.example.org; they name ")


def test_whose_results_are_believed() -> None:
    auth = MailAuth(authorized_senders=("ann@example.org",), trusted_authserv_id=("MX.example.org",))
    unfit = warn(
        "web imap",
        "of 2 mails none was verified by mx.example.org; they name other.test",
        "set auth.trusted_authserv_id to your own server's name, if it is among them: anybody else can write one",
    )
    assert strangers("web imap", auth, ("other.test", "other.test")) == (unfit,)
    assert strangers("web imap", auth, ("other.test", "mx.example.org")) == ()
    assert strangers("web imap", auth, ()) == ()
    assert strangers("web imap", auth.model_copy(update={"mode": "verify"}), ("other.test",)) == ()


def test_whose_mails_are_believed() -> None:
    nobody = MailAuth(authorized_senders=("ann@example.org",))
    assert senders("web senders", nobody) == fail(
        "web senders",
        "auth.trusted_authserv_id is empty, so that no mail is believed",
        "name the mail server that verifies (the first word of its Authentication-Results), or mode: verify",
    )
    verified = nobody.model_copy(update={"mode": "verify"})
    named = nobody.model_copy(update={"trusted_authserv_id": ("",)})  # a server that writes none
    assert [senders("web senders", auth) for auth in (verified, named)] == [
        ok("web senders", "auth.mode verify"),
        ok("web senders", "auth.mode results"),
    ]


async def test_slack() -> None:
    async with SlackServer.running() as server:
        settings = SlackChannel.model_validate(
            {
                "bot_token": BOT_TOKEN,
                "app_token": APP_TOKEN,
                "api": f"{server.base}/api/",
                "authorized": [{"workspace_members": True}],
            }
        )
        connection = SlackConnection(settings)
        well = ok("web slack", "both tokens are taken, all scopes are there")
        assert await slack("web slack", connection) == (well,)
        assert server.connections == 0  # none that would take messages from the intake's
        server.socket_mode = False
        assert await slack("web slack", connection) == (
            fail(
                "web slack",
                "apps.connections.open: link_disabled (Socket Mode is off in the app's settings)",
                "give app_token a token with connections:write, and switch Socket Mode on",
            ),
        )
        server.scopes = [scope for scope in server.scopes if not scope.startswith("files:")]
        assert await slack("web slack", connection) == (
            fail("web slack", "the bot lacks files:read, files:write", MENDED),
        )
        other = settings.model_copy(update={"bot_token": settings.app_token})
        with pytest.raises(DeliveryDeferred, match=r"^auth\.test: invalid_auth \(the token is none of Slack's"):
            await slack("web slack", SlackConnection(other))
