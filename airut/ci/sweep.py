"""Removing what dead runs left behind: those of a process that was killed, and of the time before a reboot."""

import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airut.adapters.podman.containers import Containers
from airut.adapters.podman.locks import hold, is_held
from airut.adapters.podman.network import Networks
from airut.adapters.podman.owned import labels_of_all, merged
from airut.adapters.podman.sandboxes import PodmanSandboxes
from airut.ci.owner import Owner
from airut.ci.place import KEPT, Place

SETTLED = timedelta(minutes=10)
"""Beyond the engine's own time limit, for what says nothing of its owner that could be looked at from here."""


async def sweep(place: Place, sandboxes: PodmanSandboxes, *, kept: bool = False) -> tuple[str, ...]:
    """The ids of what was removed, with `kept` also of what was to be looked at. Raises: SandboxError"""
    settings = place.settings
    found = await labels_of_all(Containers(place.engine), Networks(place.engine, settings.pool), settings)
    runs = place.state / "runs"
    left = leftovers(found, datetime.now(UTC), lambda run: _is_left(runs / run), kept=kept)
    for sandbox_id in left:
        await sandboxes.remove(sandbox_id)
    await sandboxes.remove_unclaimed()  # of builds
    staying = {labels.get("airut.sandbox", "") for labels in found if _is_kept(labels) and not kept} - set(left)
    remove_folders(runs, set(left), staying)
    return left


def leftovers(
    found: Iterable[dict[str, str]], now: datetime, is_left: Callable[[str], bool], *, kept: bool = False
) -> tuple[str, ...]:
    """The sandboxes among these that belong to nobody any more; `is_left` knows it of a run that has a folder here. In
    doubt a thing stays until its time is over."""
    found = [labels for labels in found if labels.get("airut.owner") == Owner.KIND]
    owners: dict[str, Owner | None] = {}
    for labels in found:
        if kept or not _is_kept(labels):
            owners.setdefault(labels.get("airut.sandbox", ""), Owner.of(labels))
    gone: list[str] = []
    for sandbox in merged(found):
        owner = owners.get(sandbox.sandbox_id)
        run = sandbox.sandbox_id
        if (owner is not None and (owner.is_gone() or is_left(run))) or now > sandbox.ends + SETTLED:
            gone.append(run)
    return tuple(gone)


def remove_folders(runs: Path, gone: set[str], staying: set[str]) -> None:
    """Of these, and of runs that say by their `owner` that nobody has them; save what stays."""
    for folder in runs.iterdir() if runs.is_dir() else ():
        if folder.name in gone or (folder.name not in staying and _is_left(folder)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_kept(labels: dict[str, str]) -> bool:
    return labels.get(f"airut.{KEPT[0]}") == KEPT[1]


def note_owner(folder: Path, owner: Owner) -> int:
    """Make a run's folder. It is the owner's while the descriptor is open: until the process ends, at the latest.

    Raises: OSError
    """
    folder.mkdir(mode=0o700, parents=True)
    return hold(folder / "owner", owner.model_dump_json().encode())


def _is_left(folder: Path) -> bool:
    """Whether it certainly has no owner any more. Process ids of another container say nothing here; its locks do."""
    try:
        owner = Owner.model_validate_json((folder / "owner").read_text())
        return owner.is_gone() or (owner.is_of_another_container() and not is_held(folder, "owner"))
    except (OSError, ValueError):
        return False  # just being made, or kept
