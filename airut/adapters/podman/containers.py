"""Containers by name: create, start, look at, signal, remove."""

from dataclasses import dataclass
from datetime import UTC, datetime

from airut.adapters.podman.engine import Body, Engine
from airut.errors import EngineError

ENDED_MEANWHILE = "container state improper: stopped"
"""Podman's words when a container ends by itself just while it is to be killed for its removal. The next try finds it
ended."""
REMOVE_TRIES = 3


@dataclass(frozen=True)
class Container:
    """What the engine says of a container."""

    name: str
    id: str
    status: str
    exit_code: int
    oom_killed: bool
    cgroup: str
    started: bool
    """Whether it was ever started: a Podman that comes back from a reboot may call what had run `created` again."""
    duration_s: float
    labels: dict[str, str]
    pid: int = 0
    """Of its first process, as this host numbers it; 0 while it does not run."""

    @property
    def running(self) -> bool:
        return self.status in {"running", "paused", "stopping"}


class Containers:
    """Raises everywhere: EngineUnavailable, EngineError, and what is named besides."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, name: str, body: Body) -> None:
        """Raises: ImageMissing, NameTaken, NetworkLost, NoSpace"""
        async with self._engine.creating:
            await self._engine.create("/containers/create", f"create container {name}", {"name": name, **body})

    async def start(self, name: str) -> None:
        """Raises: NetworkLost, NoSpace"""
        await self._engine.post(f"/containers/{name}/start", f"start container {name}")

    async def inspect(self, name: str) -> Container | None:
        found = await self._engine.get(f"/containers/{name}/json", f"inspect container {name}")
        if found is None:
            return None
        state = found["State"]
        return Container(
            name=name,
            id=found["Id"],
            status=state["Status"],
            exit_code=state["ExitCode"],
            oom_killed=state["OOMKilled"],
            cgroup=state.get("CgroupPath", ""),
            started=not state["StartedAt"].startswith("0001-"),  # Go's time of never
            duration_s=_seconds_between(state["StartedAt"], state["FinishedAt"]),
            labels=found["Config"]["Labels"] or {},
            pid=state.get("Pid", 0),
        )

    async def signal(self, name: str, number: str) -> None:
        """One that has ended or is absent is fine."""
        await self._quiet(f"/containers/{name}/kill", f"signal container {name}", {"signal": number})

    async def pause(self, name: str) -> None:
        """One that has ended or is absent is fine."""
        await self._quiet(f"/containers/{name}/pause", f"pause container {name}", {})

    async def thaw(self, name: str) -> None:
        """One that is not paused, has ended or is absent is fine."""
        await self._quiet(f"/containers/{name}/unpause", f"thaw container {name}", {})

    async def remove(self, name: str) -> None:
        """Kill it if it runs, and remove it with its anonymous volumes. Absent is fine."""
        params = {"force": True, "v": True, "timeout": 0, "ignore": True}
        for tries_left in reversed(range(REMOVE_TRIES)):
            try:
                await self._engine.delete(f"/containers/{name}", f"remove container {name}", params=params)
            except EngineError as error:
                if ENDED_MEANWHILE not in str(error) or not tries_left:
                    raise
            else:
                return

    async def log(self, name: str) -> str:
        """The end of what the container wrote to its own standard error and output: for an error message."""
        return await self._engine.text(
            f"/containers/{name}/logs", f"read the log of {name}", params={"stdout": True, "stderr": True, "tail": 20}
        )

    async def labelled(self, *labels: str) -> list[dict[str, str]]:
        """The labels of all containers, in whatever state, that carry these (`key=value`)."""
        params = {"all": True, "filters": {"label": list(labels)}}
        found = await self._engine.get("/containers/json", "list containers", params=params)
        return [entry["Labels"] or {} for entry in found or []]

    async def older_than(self, seconds: float, *labels: str) -> list[str]:
        """The names of containers with these labels that were made longer ago than that."""
        params = {"all": True, "filters": {"label": list(labels)}}
        found = await self._engine.get("/containers/json", "list containers", params=params)
        now = datetime.now(UTC)
        return [
            entry["Names"][0]
            for entry in found or []
            if (now - datetime.fromisoformat(_micro(entry["Created"]))).total_seconds() > seconds
        ]

    async def _quiet(self, path: str, what: str, params: Body) -> None:
        try:
            await self._engine.post(path, what, params=params, absent_is_fine=True)
        except EngineError as error:
            if not any(
                word in str(error) for word in ("is not running", "state improper", "not paused", "already paused")
            ):
                raise


def _seconds_between(start: str, end: str) -> float:
    try:
        seconds = (datetime.fromisoformat(_micro(end)) - datetime.fromisoformat(_micro(start))).total_seconds()
    except ValueError:
        return 0.0
    return max(seconds, 0.0)


def moment(stamp: str) -> datetime:
    """The engine's RFC 3339, whose seconds have nine decimals. Raises: ValueError"""
    return datetime.fromisoformat(_micro(stamp))


def _micro(stamp: str) -> str:
    """RFC 3339 with nanoseconds, as far as `datetime` reads it."""
    head, dot, rest = stamp.partition(".")
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return head + dot + rest[: min(digits, 6)] + rest[digits:] if dot else stamp
