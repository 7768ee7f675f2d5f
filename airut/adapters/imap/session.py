"""One IMAP connection: connect, TLS, authenticate, then one command at a time, each with an end."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import Coroutine
from typing import Any, NamedTuple

from aioimaplib import aioimaplib

from airut.adapters.imap.protocol import AUTH, NONAUTH, ImapProtocol
from airut.adapters.mail_tls import describe_tls_error, tls_context
from airut.adapters.oauth2 import AccessTokens, TokenFailed
from airut.adapters.oauth2.xoauth2 import first_response, refusal
from airut.models.mail.settings import ImapSettings, MailAccount, Security
from airut.ports.mailbox import MailboxRefused, MailboxUnavailable

DONE_LIMIT = 10.0
"""Seconds a server gets to end IDLE; it only has to write one line."""
CLOSE_LIMIT = 2.0
"""Seconds for LOGOUT and closing: courtesy, within the five that a shutdown has."""


class Answer(NamedTuple):
    """A tagged response: `OK`, `NO` or `BAD`, its text, and the untagged responses before it."""

    result: str
    text: str
    untagged: list[bytes]


class Session:
    """Made by `connect`. Every method raises MailboxUnavailable when the connection is lost or silent."""

    def __init__(self, protocol: ImapProtocol, settings: ImapSettings) -> None:
        self._protocol = protocol
        self._settings = settings
        self.capabilities: frozenset[str] = frozenset()
        self._idle_offered = True

    @classmethod
    async def connect(cls, settings: ImapSettings) -> "Session":
        """Connect up to the greeting, over TLS.

        Raises:
            MailboxUnavailable: not reachable, certificate refused, no STARTTLS offered.
        """
        try:
            async with asyncio.timeout(settings.connect_timeout):
                return await cls._connect(settings)
        except TimeoutError as error:
            raise MailboxUnavailable(f"{settings.host}: no connection in {settings.connect_timeout:g} s") from error
        except ssl.SSLError as error:
            raise MailboxUnavailable(describe_tls_error(error, settings.host, settings.ca_file)) from error
        except OSError as error:
            raise MailboxUnavailable(f"{settings.host}:{settings.port}: {error}") from error

    @classmethod
    async def _connect(cls, settings: ImapSettings) -> "Session":
        loop = asyncio.get_running_loop()
        context = None if settings.security is Security.PLAIN else tls_context(settings.ca_file, "imap")
        at_once = context if settings.security is Security.TLS else None
        _, protocol = await loop.create_connection(
            lambda: ImapProtocol(loop), settings.host, settings.port, ssl=at_once
        )
        session = cls(protocol, settings)
        try:
            await session._greet()
            if settings.security is Security.STARTTLS and context is not None:
                await session._start_tls(context)
            await session.read_capabilities()
        except BaseException:
            protocol.transport.abort()
            raise
        return session

    async def authenticate(self, account: MailAccount, tokens: AccessTokens | None = None) -> None:
        """By token where `tokens` are given, else SASL PLAIN (RFC 4616) where offered, else LOGIN with literals: both
        carry any character. Nothing of it passes aioimaplib's log.

        Raises:
            MailboxRefused: wrong user name, password or token, or a login that the server forbids.
        """
        if self._protocol.state == AUTH:
            return
        refused = await (self._show_token(account, tokens) if tokens else self._show_password(account))
        if refused is not None:
            raise MailboxRefused(f"login at {self._settings.host} refused: {refused}")
        self._protocol.state = AUTH
        await self.read_capabilities()

    async def _show_password(self, account: MailAccount) -> str | None:
        """None, or why not."""
        if account.password is None:
            raise MailboxRefused("no password configured")
        user, password = account.username.encode(), account.password.reveal().encode()
        if "AUTH=PLAIN" in self.capabilities:
            response = base64.b64encode(b"\0" + user + b"\0" + password)
            answer = await self.run("AUTHENTICATE", "PLAIN", answers=(response + b"\r\n",))
        elif "LOGINDISABLED" in self.capabilities:
            raise MailboxRefused(f"{self._settings.host} allows no login by password")
        else:
            second = b" {%d}\r\n" % len(password)
            answer = await self.run("LOGIN", f"{{{len(user)}}}", answers=(user + second, password + b"\r\n"))
        return None if answer.result == "OK" else answer.text

    async def _show_token(self, account: MailAccount, tokens: AccessTokens) -> str | None:
        """None, or why not. A token that is refused is shown once more as a new one: it may have been revoked."""
        if "AUTH=XOAUTH2" not in self.capabilities:
            raise MailboxRefused(f"{self._settings.host} offers no login by token (XOAUTH2); oauth2 is configured")
        try:
            token = await tokens.current()
            if await self._xoauth2(account, token) is None:
                return None
            return await self._xoauth2(account, await tokens.after_refusal(token))
        except TokenFailed as error:
            failed = MailboxRefused if error.refused else MailboxUnavailable
            raise failed(f"oauth2: {error.reason}") from error

    async def _xoauth2(self, account: MailAccount, token: str) -> str | None:
        # A refusal comes as a challenge, which wants an empty answer.
        response = first_response(account.username, token)
        answer = await self.run("AUTHENTICATE", "XOAUTH2", answers=(response + b"\r\n", b"\r\n"))
        if answer.result == "OK":
            return None
        said = refusal(self._protocol.challenge)
        return f"{answer.text} ({said})" if said else answer.text

    async def run(self, name: str, *args: str, uid: bool = False, answers: tuple[bytes, ...] = ()) -> Answer:
        """One command. `answers` are sent as the server asks to go on."""
        self._protocol.answer_continuations(*answers)
        command = aioimaplib.Command(name, self._protocol.new_tag(), *args, prefix="UID" if uid else "")
        response = await self._bounded(self._protocol.execute(command))
        *untagged, last = [bytes(line) for line in response.lines]
        return Answer(result=response.result, text=last.decode("utf-8", "replace")[:300], untagged=untagged)

    def enter(self, state: str) -> None:
        """Tell aioimaplib the state of RFC 9051 §3 that a command has led to."""
        self._protocol.state = state

    def forget_news(self) -> None:
        """Called before SEARCH: only what arrives from now on is news."""
        self._protocol.news = False

    @property
    def has_news(self) -> bool:
        """A mail has arrived since."""
        return self._protocol.news

    @property
    def can_idle(self) -> bool:
        return self._idle_offered and "IDLE" in self.capabilities

    async def idle(self, seconds: float) -> None:
        """IDLE (RFC 2177) until a mail arrives, at the latest after that time. A server that refuses the command is
        not asked again; then this returns at once."""
        while not self._protocol.idle_queue.empty():
            self._protocol.idle_queue.get_nowait()
        running = asyncio.ensure_future(self._protocol.idle())
        accepted = asyncio.ensure_future(self._protocol.wait_for_idle_response())
        try:
            await self._any_of({running, accepted}, self._settings.command_timeout)
            if running.done():
                self._idle_offered = False
                return
            await self._await_push(running, seconds)
            if not running.done():
                self._protocol.idle_done()
                await self._any_of({running}, min(DONE_LIMIT, self._settings.command_timeout))
        except TimeoutError as error:
            self.abort()
            raise MailboxUnavailable(f"{self._settings.host}: no answer to IDLE or its end") from error
        finally:
            running.cancel()
            accepted.cancel()
            await asyncio.gather(running, accepted, return_exceptions=True)

    async def pause(self, seconds: float) -> None:
        """Wait without IDLE; a lost connection ends it."""
        with contextlib.suppress(TimeoutError):
            await self._any_of(set(), seconds)

    async def close(self) -> None:
        """LOGOUT if the server still listens; afterwards the connection is closed in any case."""
        transport = self._protocol.transport
        with contextlib.suppress(MailboxUnavailable, TimeoutError, aioimaplib.AioImapException):
            async with asyncio.timeout(CLOSE_LIMIT):
                if not self._protocol.lost.done() and self._protocol.pending_sync_command is None:
                    await self.run("LOGOUT")
        self.abort()
        transport.abort()

    def abort(self) -> None:
        self._protocol.transport.abort()

    async def read_capabilities(self) -> None:
        answer = await self.run("CAPABILITY")
        words = [line.split() for line in answer.untagged if line.upper().startswith(b"CAPABILITY ")]
        self.capabilities = frozenset(word.decode("ascii", "replace").upper() for line in words for word in line[1:])
        self._protocol.capabilities = set(self.capabilities)

    async def _greet(self) -> None:
        greeting: bytes = await self._bounded(_wait(self._protocol.greeting))
        if greeting.upper().startswith(b"* PREAUTH"):
            if self._settings.security is Security.STARTTLS:
                # An attacker on the way could send it to keep us from asking for TLS (RFC 9051 §11.1).
                raise MailboxUnavailable(f"{self._settings.host}: logged in before TLS, refused")
            self._protocol.state = AUTH
        elif greeting.upper().startswith(b"* OK"):
            self._protocol.state = NONAUTH
        else:
            text = greeting.decode("utf-8", "replace")[:200]
            raise MailboxUnavailable(f"{self._settings.host} does not accept connections: {text}")

    async def _start_tls(self, context: ssl.SSLContext) -> None:
        host = self._settings.host
        await self.read_capabilities()
        if "STARTTLS" not in self.capabilities:
            raise MailboxUnavailable(f"{host}: server offers no STARTTLS")
        answer = await self.run("STARTTLS")
        if answer.result != "OK":
            raise MailboxUnavailable(f"{host}: STARTTLS refused: {answer.text}")
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self._protocol.transport, self._protocol, context, server_hostname=host)
        if transport is None:
            raise MailboxUnavailable(f"{host}: connection lost during STARTTLS")
        self._protocol.tls_started(transport)

    async def _await_push(self, running: asyncio.Future[Any], seconds: float) -> None:
        """Until EXISTS comes, or the server ends IDLE by itself."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not self._protocol.news and not running.done() and (left := deadline - loop.time()) > 0:
            pushed = asyncio.ensure_future(self._protocol.idle_queue.get())
            try:
                await self._any_of({running, pushed}, left)
            except TimeoutError:
                return
            finally:
                pushed.cancel()
                await asyncio.gather(pushed, return_exceptions=True)

    async def _bounded[T](self, work: Coroutine[Any, Any, T]) -> T:
        """The result, unless the connection is lost or nothing at all is received for `command_timeout`: a large
        mail may take long, silence may not."""
        loop = asyncio.get_running_loop()
        task = asyncio.ensure_future(work)
        self._protocol.last_data = loop.time()
        try:
            while True:
                quiet = loop.time() - self._protocol.last_data
                left = self._settings.command_timeout - quiet
                if left <= 0:
                    self.abort()
                    raise MailboxUnavailable(f"{self._settings.host}: no answer for {quiet:.0f} s")
                with contextlib.suppress(TimeoutError):
                    await self._any_of({task}, left)
                    if task.cancelled():  # with the greeting that it waited for: the connection is lost
                        raise MailboxUnavailable(f"{self._settings.host}: {self._protocol.lost.result()}")
                    return task.result()
        except aioimaplib.AioImapException as error:
            self.abort()
            raise MailboxUnavailable(f"{self._settings.host}: {error}") from error
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _any_of(self, work: set[asyncio.Future[Any]], seconds: float) -> None:
        """Until one is done. Raises TimeoutError, and MailboxUnavailable when the connection is lost first."""
        lost = self._protocol.lost
        await asyncio.wait({*work, lost}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if any(each.done() for each in work):
            return
        if lost.done():
            raise MailboxUnavailable(f"{self._settings.host}: {lost.result()}")
        raise TimeoutError


async def _wait[T](future: asyncio.Future[T]) -> T:
    return await asyncio.shield(future)
