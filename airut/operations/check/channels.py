"""Whether channels can be logged in to, with their certificates verified."""

import contextlib
from collections.abc import Sequence
from email import message_from_bytes

from airut.adapters.imap.protocol import SELECTED
from airut.adapters.imap.session import Session
from airut.adapters.imap.wire import MalformedResponse, parse_fetch, quoted
from airut.adapters.oauth2 import AccessTokens
from airut.adapters.slack.rights import missing_scopes
from airut.adapters.slack.web.connection import SlackConnection
from airut.adapters.smtp.submission import Submission
from airut.models.mail.settings import EmailChannel, MailAuth
from airut.operations.check.finding import Finding, fail, ok, warn
from airut.ports.slack_socket import SocketLost

NEWEST = 20
"""Mails whose headers are looked at: enough to have some from people."""


async def mailbox(name: str, mail: EmailChannel, tokens: AccessTokens | None) -> tuple[Finding, ...]:
    """Raises: MailboxUnavailable, MailboxRefused"""
    session = await Session.connect(mail.imap)
    try:
        await session.authenticate(mail.account, tokens)
        answer = await session.run("EXAMINE", quoted(mail.imap.folder))
        if answer.result != "OK":
            remedy = f"set imap.folder to a folder of {mail.account.username}"
            return (fail(name, f"the folder {mail.imap.folder} cannot be opened: {answer.text}", remedy),)
        session.enter(SELECTED)
        idle, servers = session.can_idle, await _verifiers(session, answer.untagged)
    finally:
        await session.close()
    found = [ok(name, f"{mail.account.username} logged in")]
    if mail.imap.idle and not idle:
        remedy = f"nothing has to be done; mails are looked for every {mail.imap.poll_interval:g} s"
        found = [warn(name, "logged in; the server cannot tell of new mails (no IDLE)", remedy)]
    return (*found, *strangers(name, mail.auth, servers))


async def _verifiers(session: Session, untagged: Sequence[bytes]) -> tuple[str, ...]:
    """Who wrote the topmost Authentication-Results of each of the newest mails that has one (RFC 8601 §2.2)."""
    count = max((int(line.split()[0]) for line in untagged if line.upper().endswith(b" EXISTS")), default=0)
    if not count:
        return ()
    answer = await session.run("FETCH", f"{max(1, count - NEWEST + 1)}:{count}", "(RFC822.HEADER)")
    found: list[str] = []
    for line in answer.untagged:
        with contextlib.suppress(MalformedResponse):
            header = (parse_fetch(line) or {}).get("RFC822.HEADER")
            fields = message_from_bytes(header).get_all("Authentication-Results") if isinstance(header, bytes) else None
            found += [str(fields[0]).partition(";")[0].split()[0].lower()] if fields and fields[0].strip() else []
    return tuple(found)


def strangers(name: str, auth: MailAuth, servers: Sequence[str]) -> tuple[Finding, ...]:
    """Whether `servers`, which verified mails that are there, are the ones that are believed."""
    trusted = {each.lower() for each in auth.trusted_authserv_id}
    if auth.mode != "results" or "" in trusted or not trusted or not servers or trusted & set(servers):
        return ()
    others = ", ".join(sorted(set(servers))[:3])
    says = f"of {len(servers)} mails none was verified by {', '.join(sorted(trusted))}; they name {others}"
    remedy = "set auth.trusted_authserv_id to your own server's name, if it is among them: anybody else can write one"
    return (warn(name, says, remedy),)


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
