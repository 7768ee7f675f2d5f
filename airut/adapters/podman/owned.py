"""Everything that this installation has on this host, by its labels, and by what its folders say of themselves."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airut.adapters.podman.bodies import ENGINE_GRACE
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.files import write_private
from airut.adapters.podman.network import Networks
from airut.adapters.podman.settings import SandboxSettings
from airut.models.hosts.sweep import OwnedSandbox

OWNER = "owner.json"
"""In a sandbox's runtime folder: the labels of its containers. The folder may be all that is left of it."""

_SCOPE = ("airut.installation", "airut.host")


def note_owner(folder: Path, labels: dict[str, str]) -> None:
    """Raises: NoSpace, EngineError"""
    write_private(folder / OWNER, json.dumps(labels).encode())


async def owned(containers: Containers, networks: Networks, settings: SandboxSettings) -> tuple[OwnedSandbox, ...]:
    """Raises: EngineUnavailable, EngineError"""
    return merged(await labels_of_all(containers, networks, settings))


async def labels_of_all(
    containers: Containers, networks: Networks, settings: SandboxSettings
) -> tuple[dict[str, str], ...]:
    """Of every container, network and folder of this installation on this host. Raises: as `owned`"""
    mine = settings.labels("any")
    wanted = [f"{key}={mine[key]}" for key in _SCOPE]
    return (
        *await containers.labelled(*wanted),
        *await networks.labelled(*wanted),
        *(labels for labels in _folders(settings.runtime) if all(labels.get(key) == mine[key] for key in _SCOPE)),
    )


def merged(found: Iterable[dict[str, str]]) -> tuple[OwnedSandbox, ...]:
    """The sandboxes of these labels, each once. What belongs to no sandbox, or does not say when it was made, is not
    among them: a warm fence."""
    sandboxes: dict[str, OwnedSandbox] = {}
    for labels in found:
        try:
            one = _read(labels)
        except (KeyError, ValueError, OverflowError):
            continue
        known = sandboxes.get(one.sandbox_id)
        if known is None or known.started < one.started:
            sandboxes[one.sandbox_id] = one
    return tuple(sandboxes[id_] for id_ in sorted(sandboxes))


def _read(labels: dict[str, str]) -> OwnedSandbox:
    started = datetime.fromtimestamp(int(labels["airut.started"]), UTC)
    limit = timedelta(seconds=float(labels["airut.time_limit"]) + ENGINE_GRACE)
    return OwnedSandbox(
        sandbox_id=labels["airut.sandbox"],
        owner=labels["airut.owner"],
        thread=labels.get("airut.thread", ""),
        task=labels.get("airut.task", ""),
        started=started,
        ends=started + limit,
    )


def _folders(runtime: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for folder in runtime.iterdir() if runtime.is_dir() else ():
        try:
            labels = json.loads((folder / OWNER).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(labels, dict):
            found.append({str(key): str(value) for key, value in labels.items()})
    return found
