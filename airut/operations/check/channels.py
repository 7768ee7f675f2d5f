"""Whether channels can be logged in to, with their certificates verified."""

from airut.adapters.imap.session import Session
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.slack.rights import missing_scopes
from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.smtp.submission import Submission
from airut.models.mail_settings import EmailChannel, MailAuth
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.ports.slack_socket import SocketLost


async def mailbox(name: str, mail: EmailChannel, tokens: AccessTokens | None) -> tuple[Finding, ...]:
    """Raises: MailboxUnavailable, MailboxRefused"""
    session = await Session.connect(mail.imap)
    try:
        await session.authenticate(mail.account, tokens)
        answer = await session.run("EXAMINE", f'"{mail.imap.folder}"')
        idle = session.can_idle
    finally:
        await session.close()
    if answer.result != "OK":
        remedy = f"set repos.…imap.folder to a folder of {mail.account.username}"
        return (fail(name, f"the folder {mail.imap.folder} cannot be opened: {answer.text}", remedy),)
    if mail.imap.idle and not idle:
        remedy = f"nothing has to be done; mails are looked for every {mail.imap.poll_interval:g} s"
        return (warn(name, "logged in; the server cannot tell of new mails (no IDLE)", remedy),)
    return (ok(name, f"{mail.account.username} logged in"),)


async def submission(name: str, mail: EmailChannel, smtp: Submission) -> tuple[Finding, ...]:
    """Raises: DeliveryDeferred"""
    await smtp.log_in()
    return (ok(name, f"{mail.smtp.host} takes mails of {mail.account.username}"),)


def senders(name: str, auth: MailAuth) -> Finding:
    """Whether anybody's mails can be believed by what `auth` says."""
    if auth.mode == "results" and not auth.trusted_authserv_id:
        remedy = "name the mail server that verifies (the first word of its Authentication-Results), or mode: verify"
        return fail(name, "auth.trusted_authserv_id is empty, so that no mail is believed", remedy)
    return ok(name, f"auth.mode {auth.mode}")


async def slack(name: str, connection: SlackConnection) -> tuple[Finding, ...]:
    """Raises: DeliveryDeferred"""
    missing = await missing_scopes(connection.web())
    if missing:
        remedy = "compare the app with `airut slack manifest`, and install it again"
        return (fail(name, f"the bot lacks {', '.join(missing)}", remedy),)
    try:
        await connection.admitted()
    except SocketLost as error:
        return (fail(name, str(error), "give app_token a token with connections:write, and switch Socket Mode on"),)
    return (ok(name, "both tokens are taken, all scopes are there"),)
