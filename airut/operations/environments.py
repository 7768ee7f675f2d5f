"""Where the program lies: environments side by side, and the link that says which of them is the service's."""

import os
import secrets
from pathlib import Path


class Environments:
    """`root` holds `current`, a link, and `versions/`, those that `airut update` makes."""

    def __init__(self, root: Path | None = None) -> None:
        home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        self.root = root or home / "airut"

    @property
    def link(self) -> Path:
        return self.root / "current"

    @property
    def current(self) -> Path | None:
        """The environment that the link leads to; None where there is none, or it is gone."""
        return self.link.resolve() if self.link.exists() else None

    @property
    def airut(self) -> Path:
        """The command, by a path that stays the same."""
        return self.link / "bin" / "airut"

    def switch(self, environment: Path) -> bool:
        """Let the link lead there, from one moment to the next; whether that is a change."""
        if self.current == environment.resolve():
            return False
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self.root / f".current.{secrets.token_hex(8)}"
        beside.symlink_to(environment.resolve(), target_is_directory=True)
        beside.replace(self.link)
        return True
