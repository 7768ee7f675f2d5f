"""The fence's log of a run, for people who look on and for files that are kept. The proxy has taken real values out."""

import asyncio
import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from airut.adapters.podman.blocked import entries_of
from airut.ci.blocked import NAME, parts
from airut.errors import ConfigError
from airut.models.values.visible import clean

POLL = 0.2  # seconds between two looks; whoever looks on reads no faster


def save(folder: Path, target: str) -> None:
    """The whole log to a file, or to standard output. Raises: ConfigError"""
    try:
        if target == "-":
            for part in parts(folder):
                sys.stdout.flush()
                sys.stdout.buffer.write(part.read_bytes())
            sys.stdout.flush()
            return
        with Path(target).open("wb") as file:
            for part in parts(folder):
                with part.open("rb") as source:
                    shutil.copyfileobj(source, file)
    except OSError as error:
        raise ConfigError(f"--network-log: {target}: {error.strerror}") from error


async def show_live(folder: Path, over: asyncio.Event) -> None:
    """Each request in a line on standard error, as it comes, until it is over and all is read."""
    file, rest = None, b""
    try:
        while True:
            ended = over.is_set()
            if file is None and (folder / NAME).is_file():
                file = (folder / NAME).open("rb")
            if file is not None:
                lines = (rest + file.read()).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    _tell(line)
                if not os.fstat(file.fileno()).st_nlink or not _is_still(folder / NAME, file.fileno()):
                    file.close()  # the log grew, and has a new part
                    file = None
                    continue
            if ended:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), POLL)
    finally:
        if file is not None:
            file.close()


def shown(entry: dict[str, Any]) -> str | None:
    """One entry of the log in a line; None for what is no request."""
    if not entry.get("host"):
        return None
    where = f"{entry.get('scheme') or 'dns'}://{entry['host']}{entry.get('path') or ''}"
    reason = f" ({entry['reason']})" if entry.get("reason") else ""
    status = f" {entry['status']}" if entry.get("status") else ""
    return clean(f"{entry.get('decision')}: {entry.get('method') or entry.get('type') or ''} {where}{status}{reason}")


def _tell(line: bytes) -> None:
    for entry in entries_of([line]):
        if text := shown(entry):
            print(f"airut-sandbox: network: {text}", file=sys.stderr, flush=True)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
