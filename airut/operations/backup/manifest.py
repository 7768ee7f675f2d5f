"""What stands in a backup: the last member of the archive, by which all others are checked."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from airut.models.base import Model
from airut.operations.backup.items import Item, Kind

MEMBER = "manifest.json"
SECRETS = "secrets.sealed"
"""The member with `.env` and the files of systemd's credentials, encrypted."""


class Place(Model):
    """Where an item belongs; below a home, with `~`."""

    path: str
    kind: Kind

    def expanded(self) -> Path:
        return Path(self.path).expanduser()


class Member(Model):
    size: int
    sha256: str


class Manifest(Model):
    version: Literal[1] = 1
    made: datetime
    airut: str
    """The version that made it."""
    state: str
    items: Mapping[str, Place]
    members: Mapping[str, Member]
    elsewhere: tuple[str, ...]


def place(item: Item) -> Place:
    return Place(path=homely(item.path), kind=item.kind)


def homely(path: Path) -> str:
    """With `~`, so that another user's home will do."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
