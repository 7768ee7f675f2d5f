"""An IMAP server on a loopback port with its mails in memory, for faults that no real server can be asked for.

Its answers are those of Dovecot where the two overlap; what is wrong with it is said in `Faults`.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

DATE = "26-Nov-2026 10:00:00 +0000"


@dataclass
class Faults:
    """`at` is the number of the command, over all connections, at which `kind` happens."""

    capabilities: str = "IMAP4rev1 AUTH=PLAIN IDLE MOVE UIDPLUS"
    at: int = 0
    kind: str = ""
    """`before`: hangs up without doing it; `after`: does it and hangs up; `middle`: hangs up within the answer;
    `stall`: says nothing any more."""
    refused: dict[str, str] = field(default_factory=dict)
    """Answers in place of OK, by the beginning of a command."""
    permanent_flags: str = "\\Seen \\Deleted \\*"
    read_only: bool = False
    noise: bytes = b""
    """Comes ahead of each tagged answer."""
    hang_ups: int = 0
    """So many connections end before their greeting."""
    on_command: Callable[[str], None] = lambda line: None


@dataclass
class Stored:
    raw: bytes
    flags: set[str] = field(default_factory=set)
    date: str = DATE


class ImapServer:
    """One account; any user and password are right."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.folders: dict[str, dict[int, Stored]] = {"INBOX": {}}
        self.validity = 1
        self.next_uid = 1
        self.port = 0
        self.commands: list[str] = []
        self.connections = 0
        self.arrived = asyncio.Event()

    def deliver(self, raw: bytes, folder: str = "INBOX", date: str = DATE, flags: tuple[str, ...] = ()) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.folders.setdefault(folder, {})[uid] = Stored(raw, set(flags), date)
        self.arrived.set()
        return uid

    def renumber(self) -> None:
        """Another UIDVALIDITY, and other numbers for the same mails."""
        self.validity += 1
        mails = list(self.folders["INBOX"].values())
        self.folders["INBOX"] = {self.next_uid + number: mail for number, mail in enumerate(mails)}
        self.next_uid += len(mails)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if self.connections > self.faults.hang_ups:
                await _Connection(self, reader, writer).converse()
        except (ConnectionError, asyncio.IncompleteReadError, _HangUp):
            pass
        finally:
            writer.transport.abort()


class _HangUp(Exception):
    pass


class _Connection:
    def __init__(self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._folder = ""
        self._told = 0

    async def converse(self) -> None:
        self._writer.write(b"* OK ready\r\n")
        while line := (await self._reader.readline()).decode():
            tag, _, command = line.strip().partition(" ")
            self._server.commands.append(command)
            faults = self._server.faults
            faults.on_command(command)
            due = len(self._server.commands) == faults.at
            if due and faults.kind == "before":
                raise _HangUp
            if due and faults.kind == "stall":
                await self._reader.read()
                raise _HangUp
            refusal = next((text for start, text in faults.refused.items() if command.startswith(start)), None)
            body = [] if refusal else await self._do(command)
            answer = b"".join(body) + faults.noise + f"{tag} {refusal or self._ok(command)}\r\n".encode()
            if due and faults.kind == "after":
                raise _HangUp
            if due and faults.kind == "middle":
                self._writer.write(answer[: len(answer) // 2])
                await self._writer.drain()
                raise _HangUp
            self._writer.write(answer)
            await self._writer.drain()
            if command == "LOGOUT":
                return

    def _ok(self, command: str) -> str:
        selected = command.startswith("SELECT") and self._server.faults.read_only
        return "OK [READ-ONLY] done" if selected else "OK done"

    async def _do(self, command: str) -> list[bytes]:
        server, faults = self._server, self._server.faults
        name, _, rest = command.removeprefix("UID ").partition(" ")
        match name:
            case "CAPABILITY":
                return [f"* CAPABILITY {faults.capabilities}\r\n".encode()]
            case "AUTHENTICATE":
                self._writer.write(b"+ \r\n")
                await self._reader.readline()
            case "LIST":
                folder = rest.split(" ", 1)[1].strip('"')
                return [b'* LIST (\\HasNoChildren) "/" x\r\n'] if not folder or folder in server.folders else []
            case "CREATE":
                server.folders.setdefault(rest.strip('"'), {})
            case "RENAME":
                old, new = re.findall(r'"([^"]*)"', rest)
                server.folders[new] = server.folders.pop(old)
            case "SELECT" | "EXAMINE":
                self._folder = rest.strip('"')
                flags = f"* OK [PERMANENTFLAGS ({faults.permanent_flags})] x\r\n".encode()
                return [flags, f"* OK [UIDVALIDITY {server.validity}] x\r\n".encode()]
            case "IDLE":
                await self._idle()
            case _ if command.startswith("UID "):
                return self._on_mails(name, rest)
            case "EXPUNGE":
                self._mails = {uid: mail for uid, mail in self._mails.items() if "\\Deleted" not in mail.flags}
        return []

    @property
    def _mails(self) -> dict[int, Stored]:
        return self._server.folders[self._folder]

    @_mails.setter
    def _mails(self, mails: dict[int, Stored]) -> None:
        self._server.folders[self._folder] = mails

    def _on_mails(self, name: str, rest: str) -> list[bytes]:
        if name == "SEARCH":
            self._told = self._server.next_uid
            found = [str(uid) for uid, mail in self._mails.items() if _matches(mail, rest)]
            return [f"* SEARCH {' '.join(found)}\r\n".encode()]
        wanted, _, rest = rest.partition(" ")
        uids = [uid for uid in map(int, wanted.split(",")) if uid in self._mails]
        if name == "FETCH":
            return [_fetched(uid, self._mails[uid], rest) for uid in uids]
        if name == "STORE":
            for uid in uids:
                self._mails[uid].flags |= set(rest.partition("(")[2].strip(")").split())
            return []
        target = self._server.folders.setdefault(rest.strip('"'), {})
        for uid in uids:
            if name in ("MOVE", "COPY"):
                target[uid] = Stored(self._mails[uid].raw, set(self._mails[uid].flags), self._mails[uid].date)
            if name in ("MOVE", "EXPUNGE"):
                del self._mails[uid]
        return []

    async def _idle(self) -> None:
        self._writer.write(b"+ idling\r\n")
        if self._server.next_uid == self._told:  # else there is news already
            self._server.arrived.clear()
        pushed = asyncio.ensure_future(self._server.arrived.wait())
        done = asyncio.ensure_future(self._reader.readline())
        try:
            await asyncio.wait({pushed, done}, return_when=asyncio.FIRST_COMPLETED)
            if pushed.done() and not done.done():
                self._writer.write(b"* 1 EXISTS\r\n")
                await done
        finally:
            pushed.cancel()
            done.cancel()
            await asyncio.gather(pushed, done, return_exceptions=True)


def _matches(mail: Stored, criteria: str) -> bool:
    words = criteria.split()
    for position, word in enumerate(words):
        match word:
            case "UNDELETED" if "\\Deleted" in mail.flags:
                return False
            case "UNSEEN" if "\\Seen" in mail.flags:
                return False
            case "KEYWORD" if words[position + 1] not in mail.flags:
                return False
            case "UNKEYWORD" if words[position + 1] in mail.flags:
                return False
    return True


def _fetched(uid: int, mail: Stored, asked: str) -> bytes:
    items = [f"UID {uid}".encode()]
    for item in asked.strip("()").split():
        header = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        match item:
            case "RFC822.SIZE":
                items.append(f"RFC822.SIZE {len(mail.raw)}".encode())
            case "INTERNALDATE":
                items.append(f'INTERNALDATE "{mail.date}"'.encode())
            case "FLAGS":
                items.append(f"FLAGS ({' '.join(sorted(mail.flags))})".encode())
            case "BODY.PEEK[]" | "RFC822":
                items.append(f"{item.replace('.PEEK', '')} {{{len(mail.raw)}}}\r\n".encode() + mail.raw)
            case "BODY.PEEK[HEADER]" | "RFC822.HEADER":
                items.append(f"{item.replace('.PEEK', '')} {{{len(header)}}}\r\n".encode() + header)
    return b"* 1 FETCH (" + b" ".join(items) + b")\r\n"


@asynccontextmanager
async def imap_server(faults: Faults | None = None) -> AsyncIterator[ImapServer]:
    served = ImapServer(faults)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        await asyncio.sleep(0)  # what is being accepted becomes one of the clients
        server.close()
        server.close_clients()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await server.wait_closed()
        server.abort_clients()  # what is still open by then would be told of to a later test
