"""When an image was last asked for, which an image store does not know.

Each `ensure` leaves a mark: an empty file whose time says it. Marks are of this user, as images are; a tag without one
was made by somebody else.
"""

import contextlib
from pathlib import Path

OURS = "localhost/airut/"


class Marks:
    """When each of our tags was last asked for, in seconds since 1970."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def use(self, tag: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path(tag).touch()

    def used(self, tag: str) -> float | None:
        with contextlib.suppress(FileNotFoundError):
            return self._path(tag).stat().st_mtime
        return None

    def forget(self, tag: str) -> None:
        self._path(tag).unlink(missing_ok=True)

    def _path(self, tag: str) -> Path:
        return self._folder / tag.removeprefix(OURS).replace("/", "@")
