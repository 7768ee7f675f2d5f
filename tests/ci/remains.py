"""What there is of runs on this host: containers, networks, folders and processes."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from airut.adapters.podman.settings import RUNTIME
from tests.ci.conftest import STATE

CONTAINERS = ("ps", "--all", "--filter", "label=airut.installation=ci", "--format", "json")
NETWORKS = ("network", "ls", "--filter", "label=airut.owner=cli", "--format", "json")


def sandboxes() -> set[str]:
    """The ids of those of which anything is left in Podman or on disk."""
    found = {name for command in (CONTAINERS, NETWORKS) for name in _labelled(*command)}
    folders = [*(STATE / "airut-sandbox" / "runs").glob("*"), *(RUNTIME / "ci").glob("*/fence.json")]
    return found | {(place.parent if place.name == "fence.json" else place).name for place in folders}


def traces(sandbox_id: str) -> list[str]:
    """Everything that bears this id, whatever it is."""
    folders = [str(place) for root in (STATE, RUNTIME) for place in root.rglob(f"*{sandbox_id}*")]
    return [*folders, *(f"process {line}" for line in _command_lines() if sandbox_id in line)]


def _labelled(*command: str) -> Iterator[str]:
    said = subprocess.run(["podman", *command], capture_output=True, text=True, check=True).stdout
    for thing in json.loads(said):
        yield {key.lower(): value for key, value in thing.items()}["labels"]["airut.sandbox"]


def _command_lines() -> Iterator[str]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                yield (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue  # ended meanwhile
