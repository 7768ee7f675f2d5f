"""One mail over one connection: connect, TLS, log in, hand over (RFC 5321, RFC 3207, RFC 4954)."""

import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parseaddr

import aiosmtplib

from airut.adapters.mail_render import RenderedMail
from airut.adapters.mail_tls import describe_tls_error, tls_context
from airut.adapters.oauth2 import AccessTokens, TokenFailed
from airut.adapters.oauth2.xoauth2 import first_response, refusal
from airut.adapters.smtp.responses import Verdict, judge, shown
from airut.errors import DeliveryDeferred, DeliveryRefused
from airut.models.mail.settings import MailAccount, Security, SmtpSettings

CONNECT_TIMEOUT = 15.0
COMMAND_TIMEOUT = 60.0
DATA_TIMEOUT = 300.0
"""Seconds: servers scan content before they answer DATA; RFC 5321 §4.5.3.2 asks for patience here."""


class MessageTooLarge(Exception):
    """The server takes no mail of this size; `args[0]` is its answer."""


class ContentRefused(Exception):
    """The server refused the content; `args[0]` is its answer."""


class Submission:
    """Where and how mail is handed over. Holds no connection."""

    def __init__(self, settings: SmtpSettings, account: MailAccount, tokens: AccessTokens | None = None) -> None:
        """With `tokens` it logs in by them."""
        self._settings = settings
        self._account = account
        self._tokens = tokens
        self._security = settings.security or (Security.TLS if settings.port == 465 else Security.STARTTLS)

    async def submit(self, mail: RenderedMail) -> Mapping[str, str]:
        """Hand over the mail; returns recipients that were refused for good, each with the server's answer.

        Raises:
            DeliveryDeferred: not now.
            DeliveryRefused: the sender or every recipient is refused for good.
            MessageTooLarge, ContentRefused: another form of the mail may be accepted.
        """
        async with self._opened(mail.sender) as client:
            return await self._transfer(client, mail)

    async def log_in(self) -> None:
        """Connect, log in, and leave: what `submit` does before a mail. Raises: DeliveryDeferred"""
        async with self._opened(parseaddr(self._account.sender)[1]):
            pass

    @asynccontextmanager
    async def _opened(self, sender: str) -> AsyncIterator[aiosmtplib.SMTP]:
        """A connection that is logged in. Raises: DeliveryDeferred, also for what goes wrong meanwhile."""
        where = f"{self._settings.host}:{self._settings.port}"
        try:
            client = self._client(sender)
        except OSError as error:
            raise DeliveryDeferred(str(error)) from error
        try:
            await self._open(client)
            yield client
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryDeferred(f"{where} answered {shown(error.code, error.message)}") from error
        except TimeoutError as error:
            raise DeliveryDeferred(f"{where} did not answer in time") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            fault = error if isinstance(error, ssl.SSLError) else error.__cause__
            if isinstance(fault, ssl.SSLError):
                settings = self._settings
                raise DeliveryDeferred(describe_tls_error(fault, settings.host, settings.ca_file)) from error
            raise DeliveryDeferred(f"cannot send through {where}: {error}") from error
        finally:
            # The mail is accepted or not by now; how the connection ends changes nothing.
            with contextlib.suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                if client.is_connected:
                    await client.quit(timeout=5)
            client.close()

    def _client(self, sender: str) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            timeout=COMMAND_TIMEOUT,
            use_tls=self._security is Security.TLS,
            start_tls=False,
            tls_context=tls_context(self._settings.ca_file, "smtp"),
            # Given, since the default asks DNS for this machine's name and tells it to the server.
            local_hostname=sender.rpartition("@")[2],
        )

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        await client.connect(timeout=CONNECT_TIMEOUT)
        if self._security is Security.STARTTLS:
            await client.ehlo()
            if not client.supports_extension("starttls"):
                raise DeliveryDeferred(f"{self._settings.host}: the server offers no STARTTLS; nothing was sent")
            await client.starttls()
        await client.ehlo()
        if not self._settings.auth:
            return
        if self._tokens is not None:
            await self._show_token(client, self._tokens)
            return
        password = self._account.password
        if password is None:
            raise DeliveryDeferred("smtp.auth is on and account.password is missing")
        await client.login(self._account.username.encode(), password.reveal().encode())

    async def _show_token(self, client: aiosmtplib.SMTP, tokens: AccessTokens) -> None:
        """SASL XOAUTH2. A token that is refused is shown once more as a new one: it may have been revoked."""
        if "xoauth2" not in client.server_auth_methods:
            host = self._settings.host
            raise DeliveryDeferred(f"{host} offers no login by token (XOAUTH2); oauth2 is configured")
        try:
            token = await tokens.current()
            if await self._xoauth2(client, token) is None:
                return
            refused = await self._xoauth2(client, await tokens.after_refusal(token))
        except TokenFailed as error:
            raise DeliveryDeferred(f"oauth2: {error.reason}") from error
        if refused is not None:
            raise DeliveryDeferred(f"login at {self._settings.host} refused: {refused}")

    async def _xoauth2(self, client: aiosmtplib.SMTP, token: str) -> str | None:
        """None, or why not. aiosmtplib's own does the same, and drops what the server says of the token."""
        answer = await client.execute_command(b"AUTH", b"XOAUTH2", first_response(self._account.username, token))
        said = ""
        if answer.code == aiosmtplib.SMTPStatus.auth_continue:
            said = refusal(answer.message)
            answer = await client.execute_command(b"")
        if answer.code == aiosmtplib.SMTPStatus.auth_successful:
            return None
        return f"{shown(answer.code, answer.message)}{f' ({said})' if said else ''}"

    async def _transfer(self, client: aiosmtplib.SMTP, mail: RenderedMail) -> Mapping[str, str]:
        await self._mail_from(client, mail)
        refused = await self._recipients(client, mail)
        try:
            await client.data(mail.content, timeout=DATA_TIMEOUT)
        except aiosmtplib.SMTPDataError as error:
            answer = shown(error.code, error.message)
            match judge(error.code, error.message):
                case Verdict.TOO_LARGE:
                    raise MessageTooLarge(answer) from error
                case Verdict.NEVER:
                    raise ContentRefused(answer) from error
                case Verdict.LATER:
                    raise
        return refused

    async def _mail_from(self, client: aiosmtplib.SMTP, mail: RenderedMail) -> None:
        options = []
        if client.supports_extension("size"):
            options.append(f"SIZE={len(mail.content)}")  # RFC 1870: a refusal before the transfer
        international = not "".join((mail.sender, *mail.to, *mail.cc)).isascii()
        if international:
            if not client.supports_extension("smtputf8"):
                raise DeliveryRefused(f"{self._settings.host} takes no internationalised addresses (RFC 6531)")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        try:
            await client.mail(mail.sender, options=options, encoding="utf-8" if international else "ascii")
        except aiosmtplib.SMTPSenderRefused as error:
            match judge(error.code, error.message):
                case Verdict.TOO_LARGE:
                    raise MessageTooLarge(shown(error.code, error.message)) from error
                case Verdict.NEVER:
                    answer = shown(error.code, error.message)
                    raise DeliveryRefused(f"sender {mail.sender} refused: {answer}") from error
                case Verdict.LATER:
                    raise

    async def _recipients(self, client: aiosmtplib.SMTP, mail: RenderedMail) -> dict[str, str]:
        """Name the recipients. One that is refused for now defers the whole mail if it is in To; a copy is dropped,
        since a whole second try would reach the others twice."""
        refused: dict[str, str] = {}
        recipients = (*mail.to, *mail.cc)
        for recipient in recipients:
            try:
                await client.rcpt(recipient, encoding="ascii" if recipient.isascii() else "utf-8")
            except aiosmtplib.SMTPRecipientRefused as error:
                if recipient in mail.to and judge(error.code, error.message) is Verdict.LATER:
                    raise
                refused[recipient] = shown(error.code, error.message)
        if len(refused) == len(recipients):
            raise DeliveryRefused("; ".join(f"{recipient}: {answer}" for recipient, answer in refused.items()))
        return refused
