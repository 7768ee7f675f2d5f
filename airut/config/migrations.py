"""From the configuration of an older version to that of this one, without losing a comment (spec: operations §1.1)."""

from collections.abc import Callable
from pathlib import Path

from airut.config.editing.document import Document
from airut.errors import ConfigError
from airut.models.base import Model

Migration = Callable[[Document], Document]
"""From one version to the next: pure, and nothing where nothing is to be done. `config_version` is not its part."""

KEY = ("config_version",)


class History(Model):
    """The migrations in order: the first leads from version 1 to 2."""

    steps: tuple[Migration, ...] = ()

    @property
    def current(self) -> int:
        """The version that the schema describes."""
        return len(self.steps) + 1

    def version_of(self, document: Document) -> int | None:
        """None where the file names none, which the schema then says with all else that is wrong.

        Raises:
            ConfigError: it is no version that this Airut knows.
        """
        written = document.value(KEY)
        if written is None:
            return None
        if not isinstance(written, int) or isinstance(written, bool) or written < 1:
            raise ConfigError(
                f"{document.where(KEY)}: config_version: must be a whole number; this version writes {self.current}"
            )
        if written > self.current:
            raise ConfigError(
                f"{document.where(KEY)}: config_version: {written} is newer than this version of Airut knows "
                f"({self.current}); update Airut, or take the file from before the update"
            )
        return written

    def migrated(self, document: Document) -> Document:
        """The file as this version writes it; the same where it is that already.

        Raises:
            ConfigError: the version is not known, or a place cannot be changed by a program.
        """
        version = self.version_of(document)
        while version is not None and version < self.current:
            document = self.steps[version - 1](document).set(KEY, version + 1)
            version += 1
        return document


HISTORY = History()
"""Of `airut.yaml`. There has only ever been version 1."""


def backup_path(path: Path, version: int) -> Path:
    """Where a file of that version is kept: `airut.yaml.v1`, then `airut.yaml.v1.2`."""
    first = path.with_name(f"{path.name}.v{version}")
    candidates = [first, *(path.with_name(f"{first.name}.{number}") for number in range(2, 100))]
    for candidate in candidates:
        if not candidate.exists():
            return candidate
    raise ConfigError(f"{first}: there are 99 backups of this version; remove some")
