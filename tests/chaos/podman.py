"""The sandboxes of one installation as `podman` shows them to an operator, and what a reboot does to them."""

import asyncio
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from airut.models.base import Model
from tests.chaos import processes

KEPT = frozenset({"internet.sock", "internet.ready", "lab-ca"})
"""What the lab itself has in the runtime folder: it is another machine and does not reboot with ours."""


class Sandboxed(Model):
    """One container of the installation."""

    id: str
    name: str
    running: bool
    labels: dict[str, str]


async def podman(*arguments: str) -> str:
    """Output of the command; what it complains about is the operator's."""
    process = await asyncio.create_subprocess_exec(
        "podman", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    if process.returncode:
        raise RuntimeError(f"podman {' '.join(arguments)}: {errors.decode(errors='replace')}")
    return output.decode()


async def containers(installation: str) -> tuple[Sandboxed, ...]:
    """Every container of this installation, ended ones included."""
    listed = await podman("ps", "--all", f"--filter=label=airut.installation={installation}", "--format=json")
    return tuple(
        Sandboxed(
            id=entry["Id"], name=entry["Names"][0], running=entry["State"] == "running", labels=entry["Labels"] or {}
        )
        for entry in json.loads(listed or "[]") or []
    )


async def networks(installation: str) -> tuple[str, ...]:
    """The names of its networks."""
    listed = await podman("network", "ls", f"--filter=label=airut.installation={installation}", "--format=json")
    return tuple(entry.get("name") or entry["Name"] for entry in json.loads(listed or "[]") or [])


async def inspected(names: Sequence[str]) -> str:
    """All that the engine tells of these containers; of one that has ended meanwhile, nothing."""
    told: list[str] = []
    for name in names:
        try:
            told.append(await podman("inspect", name))
        except RuntimeError as error:
            if "no such object" not in str(error):
                raise
    return "".join(told)


async def kill(name: str) -> None:
    """kill -9 of the container's first process, and so of all of them."""
    await podman("kill", "--signal=KILL", name)


def power_off() -> None:
    """Everything of the engine dies at once, and what it kept in memory is gone."""
    running = processes.everything()
    engine = [process for process in running if process.program in processes.ENGINE]
    inside = {found.pid for process in engine for found in processes.below(process.pid)}
    # The monitors first: a real power cut leaves nobody who would note how a container ended.
    processes.kill(process.pid for process in engine)
    processes.kill(inside)
    runtime = Path(os.environ["XDG_RUNTIME_DIR"])
    for entry in runtime.iterdir():
        if entry.name in KEPT:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    (runtime / "podman").mkdir(mode=0o700, exist_ok=True)  # the login's, as the lab makes it
    for lock in Path("/dev/shm").glob("libpod*"):
        lock.unlink(missing_ok=True)
