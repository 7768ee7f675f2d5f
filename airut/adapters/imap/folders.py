"""Folder names as the server has them: hierarchy delimiter, personal namespace (RFC 2342), modified UTF-7."""

from airut.adapters.imap.session import Session
from airut.adapters.imap.wire import MalformedResponse, Value, modified_utf7, parse_values, quoted
from airut.ports.mailbox import MailboxRefused


class Folders:
    """Names in configuration have `/` between levels, whatever the server's delimiter is."""

    def __init__(self, session: Session, prefix: str, delimiter: str) -> None:
        self._session = session
        self._prefix = prefix
        self._delimiter = delimiter

    @classmethod
    async def discover(cls, session: Session) -> "Folders":
        """Ask for the personal namespace, else for the delimiter alone (RFC 9051 §6.3.9.3)."""
        if "NAMESPACE" in session.capabilities:
            for line in (await session.run("NAMESPACE")).untagged:
                if found := _personal(_values(line, b"NAMESPACE ")):
                    return cls(session, *found)
        for line in (await session.run("LIST", '""', '""')).untagged:
            match _values(line, b"LIST "):
                case [list(), bytes() as delimiter, *_]:
                    return cls(session, "", delimiter.decode("ascii", "replace"))
        return cls(session, "", "/")

    def spelled(self, name: str) -> str:
        """The name as a command's argument."""
        if name.upper() == "INBOX":
            return "INBOX"
        server_name = name.replace("/", self._delimiter) if self._delimiter else name
        if self._prefix and not server_name.startswith(self._prefix):
            server_name = self._prefix + server_name
        return quoted(modified_utf7(server_name))

    async def exists(self, name: str) -> bool:
        for line in (await self._session.run("LIST", '""', self.spelled(name))).untagged:
            match _values(line, b"LIST "):
                case [list() as flags, *_]:
                    words = {flag.lower() for flag in flags if isinstance(flag, bytes)}
                    if not words & {b"\\noselect", b"\\nonexistent"}:
                        return True
        return False

    async def ensure(self, name: str) -> None:
        """Make the folder unless it is there. Made by somebody else in between is fine.

        Raises:
            MailboxRefused: the server does not let us.
        """
        if await self.exists(name):
            return
        answer = await self._session.run("CREATE", self.spelled(name))
        if answer.result != "OK" and not await self.exists(name):
            raise MailboxRefused(f"folder {name} cannot be made: {answer.text}")
        # Unsubscribed folders are invisible in most mail programs; a server may refuse, and nothing is lost.
        await self._session.run("SUBSCRIBE", self.spelled(name))

    async def rename(self, old: str, new: str) -> None:
        """Raises MailboxRefused."""
        answer = await self._session.run("RENAME", self.spelled(old), self.spelled(new))
        if answer.result != "OK":
            raise MailboxRefused(f"folder {old} cannot be renamed: {answer.text}")
        await self._session.run("SUBSCRIBE", self.spelled(new))


def _values(line: bytes, name: bytes) -> list[Value]:
    """Values of an untagged response of that name; empty for others and for malformed ones."""
    if not line.upper().startswith(name):
        return []
    try:
        return parse_values(line[len(name) :])
    except MalformedResponse:
        return []


def _personal(values: list[Value]) -> tuple[str, str] | None:
    match values:
        case [[[bytes() as prefix, bytes() as delimiter, *_], *_], *_]:
            return prefix.decode("ascii", "replace"), delimiter.decode("ascii", "replace")
    return None
