"""aioimaplib's protocol with a receiving half of our own.

aioimaplib 2.0 keeps the state of commands well. Its reading of responses is replaced here, because it recurses once for
each line of a packet (a thousand `EXISTS` end the connection), counts parentheses to find a response's end, removes
`* ` from within lines, knows no SASL, and leaves commands waiting when the connection is lost.
"""

import asyncio
from collections import deque

from aioimaplib import aioimaplib

from airut.adapters.imap.wire import MalformedResponse, ResponseReader

NONAUTH, AUTH, SELECTED = aioimaplib.NONAUTH, aioimaplib.AUTH, aioimaplib.SELECTED


class ImapProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # aioimaplib ships no types
    """`greeting` has the server's first line, `lost` the reason why the connection ended. One command at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._running = loop
        self.greeting: asyncio.Future[bytes] = loop.create_future()
        self.lost: asyncio.Future[str] = loop.create_future()
        self.last_data = loop.time()
        self.news = False
        """An EXISTS has come since this was last set to False."""
        self.challenge = ""
        """What the server said when it last asked to go on."""
        self._reader = ResponseReader()
        self._answers: deque[bytes] = deque()
        self._between_plain_and_tls = False
        self._farewell = ""

    def answer_continuations(self, *answers: bytes) -> None:
        """What to send, line by line, when the server asks to go on: SASL responses, literals. Kept from all logs."""
        self._answers = deque(answers)
        self.challenge = ""

    def tls_started(self, transport: asyncio.Transport) -> None:
        """Go on over TLS and forget what was said before (RFC 9051 §6.2.1)."""
        self.transport = transport
        self.capabilities: set[str] = set()
        self._reader.clear()
        self._between_plain_and_tls = False

    def data_received(self, d: bytes) -> None:
        if self._between_plain_and_tls:
            return  # injected on the way: the server says nothing between its OK and the handshake
        self.last_data = self._running.time()
        try:
            for response in self._reader.feed(d):
                self._dispatch(response)
        except (MalformedResponse, aioimaplib.Error, UnicodeDecodeError) as error:
            self._farewell = f"the server's answer is not IMAP: {error}"
            self.transport.abort()
            return
        if self.pending_sync_command is not None:
            self.pending_sync_command.flush()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(self._farewell or (str(exc) if exc else "connection closed by the server"))
        if not self.greeting.done():
            self.greeting.cancel()

    def _dispatch(self, response: bytes) -> None:
        if self._between_plain_and_tls:
            return
        if not self.greeting.done():
            self.greeting.set_result(response)
        elif response.startswith(b"* "):
            self._untagged(response[2:])
        elif response.startswith(b"+"):
            self._continuation(response)
        elif response:
            command = self.pending_sync_command
            self._response_done(response)
            if command is not None and command.name == "STARTTLS" and command.response.result == "OK":
                self._between_plain_and_tls = True

    def _untagged(self, text: bytes) -> None:
        if text[:4].upper() == b"BYE ":
            self._farewell = "server: " + text[4:].decode("utf-8", "replace")[:200]
        if text.upper().endswith(b" EXISTS"):
            self.news = True
        for command in (self.pending_sync_command, *self.pending_async_commands.values()):
            if command is not None:
                command.append_to_resp(text)

    def _continuation(self, line: bytes) -> None:
        command = self.pending_sync_command
        self.challenge = line[1:].strip().decode("ascii", "replace")
        if command is not None and command.name == "IDLE":
            super()._continuation(line)
        elif self._answers:
            self.transport.write(self._answers.popleft())
        else:
            self.transport.write(b"\r\n")  # an empty answer ends a SASL exchange that failed (RFC 7628 §3.2.3)
