"""Where things lie on a sandbox host: the one description of the state folder's layout."""

import hashlib
import re
import secrets
from pathlib import Path

from airut.models.base import Model

ACCESS_LOG_FILES = ("network.jsonl.2", "network.jsonl.1", "network.jsonl")
"""Below `log` of a sandbox's folder, oldest first, as the proxy rotates them."""

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Folders(Model):
    """One thread's folders (spec: lifecycle §1). All but `tasks` are mounted into its sandboxes."""

    root: Path

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def storage(self) -> Path:
        return self.root / "storage"

    @property
    def home(self) -> Path:
        """Claude Code's own folder: sessions and settings."""
        return self.root / "home"

    def task(self, number: int, attempt: int) -> Path:
        """Output, exit file and access log of one sandbox."""
        return self.root / "tasks" / str(number) / str(attempt)

    def older_tasks(self, newer: int) -> tuple[Path, ...]:
        """The folders of all tasks but the newest ones, of which there are `newer`."""
        tasks = self.root / "tasks"
        numbers = sorted(int(path.name) for path in tasks.glob("*") if path.name.isdecimal())
        return tuple(tasks / str(number) for number in numbers[: max(len(numbers) - newer, 0)])

    def make(self) -> None:
        """Make what is missing; only the service user can look inside."""
        for folder in (self.root, self.inbox, self.outbox, self.storage, self.home):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


class ThreadFolders(Model):
    """The folders of all threads below one state folder."""

    state: Path

    def of(self, thread: str) -> Folders:
        """The folders of a thread id such as `web/mail/abcdefgh23456789`.

        Raises:
            ValueError: a part of the id could lead elsewhere.
        """
        parts = thread.split("/")
        if len(parts) != 3 or not all(_SAFE.fullmatch(part) for part in parts):
            raise ValueError(f"{thread!r} is not a thread id")
        return Folders(root=self.state.joinpath("threads", *parts))

    def all(self) -> tuple[str, ...]:
        """The ids of all threads that have a folder here."""
        found = self.state.glob("threads/*/*/*")
        ids = ("/".join(path.parts[-3:]) for path in found if path.is_dir() and not path.is_symlink())
        return tuple(sorted(id_ for id_ in ids if all(_SAFE.fullmatch(part) for part in id_.split("/"))))

    def aside(self, thread: str) -> Path:
        """A new place for a folder that is being removed, on the same file system."""
        return self._removing / f"{_digest(thread)}-{secrets.token_hex(4)}"

    def set_aside(self, thread: str) -> tuple[Path, ...]:
        """What of this thread was put there, also by a removal that was cut off."""
        return tuple(sorted(self._removing.glob(f"{_digest(thread)}-*")))

    def all_set_aside(self) -> tuple[Path, ...]:
        return tuple(sorted(self._removing.glob("*")))

    @property
    def _removing(self) -> Path:
        return self.state / "removing"


def _digest(thread: str) -> str:
    return hashlib.sha256(thread.encode()).hexdigest()[:32]
