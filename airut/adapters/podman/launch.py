"""Starting a container under limits, and seeing for ourselves that they hold."""

import logging
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from airut.adapters.podman.bodies import Placement
from airut.adapters.podman.containers import Containers
from airut.adapters.podman.engine import Body
from airut.adapters.podman.seccomp import SeccompProfile
from airut.adapters.podman.settings import Enforce, SandboxSettings
from airut.errors import EngineError
from airut.models.hosts.sandbox import Limits

CGROUPS = Path("/sys/fs/cgroup")
REMEDY = (
    "this host cannot limit the memory and processes of a container; delegate the cgroup controllers memory, pids and"
    " cpu to this user (systemd: Delegate=yes), or set `limits.enforce: best_effort`"
)

log = logging.getLogger(__name__)


class Launcher:
    """Creates and starts containers. Learns once whether the host can limit them."""

    def __init__(self, containers: Containers, settings: SandboxSettings, calls: SeccompProfile) -> None:
        self._containers = containers
        self._calls = calls
        self._settings = settings
        self._limited = True

    async def launch(self, name: str, labels: dict[str, str], body: Callable[[Placement], Body]) -> None:
        """Raises: ImageMissing, NameTaken, NetworkLost, NoSpace, EngineUnavailable, EngineError"""
        limited, parent, calls = self._limited, self._settings.cgroup_parent, await self._calls.path()
        try:
            await self._run(name, body(Placement(labels, parent, limited, calls)))
        except EngineError as error:
            if not (limited and _is_about_limits(str(error))):
                raise
            if self._settings.enforce is Enforce.STRICT:
                raise EngineError(f"{REMEDY} ({error})") from error
            log.warning("sandboxes run without limits: %s", error)
            self._limited = False
            await self._containers.remove(name)
            await self._run(name, body(Placement(labels, parent, limited=False, seccomp=calls)))

    async def check_limits(self, name: str, limits: Limits) -> None:
        """Read back what the kernel enforces; Podman has versions that drop limits without a word.

        Raises: EngineError, EngineUnavailable
        """
        if self._settings.enforce is not Enforce.STRICT:
            return
        container = await self._containers.inspect(name)
        cgroup = container.cgroup if container else ""
        for file, wanted in (("memory.max", limits.memory), ("pids.max", limits.pids)):
            if wanted is None:
                continue
            found = effective(CGROUPS, cgroup, file)
            if found is None or found > wanted:
                raise EngineError(f"{REMEDY} ({file} of the container is {found or 'not set'}, not {wanted})")

    async def _run(self, name: str, body: Body) -> None:
        await self._containers.create(name, body)
        await self._containers.start(name)


def effective(root: Path, cgroup: str, file: str) -> int | None:
    """The smallest value along the cgroup's path: a runtime may put the limit one level up. None when unlimited."""
    values: list[int] = []
    path = PurePosixPath("/") / cgroup
    for level in (path, *path.parents) if cgroup else ():
        try:
            text = (root / str(level).lstrip("/") / file).read_text().strip()
        except OSError:
            continue
        if text != "max":
            values.append(int(text))
    return min(values, default=None)


def _is_about_limits(words: str) -> bool:
    return any(word in words for word in ("cgroup", "memory.max", "memory.swap.max", "pids.max", "cpu.max"))
