"""Looks for real secrets where none may be, as bytes: no format hides them but a cipher."""

import base64
import mmap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from airut.demo.stage import PERSON, STRANGER
from tests.chaos.world import World


def needles(secrets: Sequence[str]) -> tuple[bytes, ...]:
    """Each secret as it is, and as base64 has it at each of the three places where it can begin."""
    found: list[bytes] = []
    for secret in secrets:
        raw = secret.encode()
        found.append(raw)
        for shift in range(3):
            encoded = base64.b64encode(b"\0" * shift + raw)
            # The first and the last characters depend on what stands beside it.
            found.append(encoded[4:-4])
    return tuple(found)


def leaks(files: Iterable[Path], texts: Iterable[tuple[str, str]], secrets: Sequence[str]) -> tuple[str, ...]:
    """The places, by name, that hold a secret; never the secret."""
    wanted = needles(secrets)
    found = [str(path) for path in files if any(_holds(path, wanted))]
    found += [name for name, text in texts if any(needle in text.encode() for needle in wanted)]
    return tuple(sorted(found))


def places(world: World) -> Iterator[Path]:
    """Everything that the product writes down: histories, blobs, threads, mirrors, logs, and all mails that went out."""
    folder = world.stage.folder
    for place in (folder / "state", folder / "mail" / "mail" / PERSON, folder / "mail" / "mail" / STRANGER):
        yield from (path for path in place.rglob("*") if path.is_file() and not path.is_symlink())
    yield folder / "airut.log"


def _holds(path: Path, wanted: Sequence[bytes]) -> Iterator[bool]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield from (data.find(needle) >= 0 for needle in wanted)
    except (OSError, ValueError):
        return  # gone meanwhile, the agent's alone to read, or empty
