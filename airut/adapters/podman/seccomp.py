"""The system calls of a sandbox: what the engine lets through, less the making of namespaces.

Podman's own profile allows `unshare` and `clone` with any flag. In a user namespace of its own the agent would hold all
capabilities over what it made there, and with them reach parts of the kernel that nothing else in here can.
"""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from airut.adapters.podman.engine import Engine
from airut.adapters.podman.files import write_private
from airut.errors import ConfigError, EngineError

USUAL = (Path("/etc/containers/seccomp.json"), Path("/usr/share/containers/seccomp.json"))
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET (sched.h); NEWTIME shares its bit with clone's exit
# signal, and needs a capability that nobody has here.
NAMESPACES = (0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000)
EPERM, ENOSYS = 1, 38
FLAGS = {"clone": 0, "unshare": 0}
"""Which argument holds the flags. (On s390, which we do not run on, it is clone's second.)"""

PASSING = {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"}

log = logging.getLogger(__name__)

type Profile = dict[str, Any]  # the engine's own format, of which we read as much as we change


def without_namespaces(profile: Profile) -> Profile:
    """The same profile, stricter: no new namespace by any call. `clone3` hides its flags behind a pointer, so it does
    not exist; every C library then falls back to `clone`."""
    kept = [_less(rule, {*FLAGS, "clone3"}) for rule in profile["syscalls"]]
    refused = [
        _rule(name, "SCMP_ACT_ERRNO", index, flag, flag) | {"errnoRet": EPERM, "errno": "EPERM"}
        for name, index in FLAGS.items()
        for flag in NAMESPACES
    ]
    allowed = [_rule(name, "SCMP_ACT_ALLOW", index, sum(NAMESPACES), 0) for name, index in FLAGS.items()]
    missing = {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS, "errno": "ENOSYS"}
    return profile | {"syscalls": [*(rule for rule in kept if rule["names"]), *refused, *allowed, missing]}


def _less(rule: Profile, names: set[str]) -> Profile:
    return rule | {"names": [name for name in rule["names"] if name not in names]}


def _rule(name: str, action: str, index: int, mask: int, value: int) -> Profile:
    argument = {"index": index, "value": mask, "valueTwo": value, "op": "SCMP_CMP_MASKED_EQ"}
    return {"names": [name], "action": action, "args": [argument]}


def loosened(profile: Profile, engine: Profile) -> list[str]:
    """The system calls that a profile lets through and the engine's own does not, by name; `*` for all."""
    if profile.get("defaultAction") in PASSING:
        return ["*"]
    return sorted(_passing(profile) - _passing(engine))


def _passing(profile: Profile) -> set[str]:
    """Without what only a capability lets through, of which a sandbox has none."""
    rules = [rule for rule in profile["syscalls"] if rule["action"] in PASSING]
    return {name for rule in rules if not (rule.get("includes") or {}).get("caps") for name in _names(rule)}


def _names(rule: Profile) -> list[str]:
    return list(rule.get("names") or [rule["name"]])


class SeccompProfile:
    """Our profile as a file, made once from the engine's, or from a stricter one that the operator names."""

    def __init__(self, engine: Engine, folder: Path, named: Path | None = None) -> None:
        self._engine = engine
        self._named = named
        self._file = folder / ("seccomp-named.json" if named else "seccomp.json")
        self._made = False
        self._making = asyncio.Lock()

    async def path(self) -> Path:
        """Raises: ConfigError, EngineUnavailable, EngineError"""
        async with self._making:
            if not self._made:
                usual = (await self._engine.about()).seccomp
                found = await asyncio.to_thread(_read, (usual, *USUAL) if usual else USUAL)
                if self._named:
                    found = await asyncio.to_thread(_stricter, self._named, found)
                self._file.parent.mkdir(parents=True, exist_ok=True)
                write_private(self._file, json.dumps(without_namespaces(found)).encode())
                self._made = True
        return self._file


def _stricter(file: Path, engine: Profile) -> Profile:
    try:
        profile: Profile = json.loads(file.read_bytes())
        more = loosened(profile, engine)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"sandbox.seccomp: {file} cannot be read as a seccomp profile ({type(error).__name__})"
        ) from error
    if more:
        raise ConfigError(
            f"sandbox.seccomp: {file} lets calls through that the engine's own profile does not"
            f" ({', '.join(more[:10])}); it may only be stricter"
        )
    return profile | {"syscalls": [rule | {"names": _names(rule)} for rule in profile["syscalls"]]}


def _read(places: tuple[Path, ...]) -> Profile:
    for place in places:
        try:
            profile: Profile = json.loads(place.read_bytes())
        except (OSError, ValueError):
            continue
        if profile.get("syscalls"):
            return profile
    tried = ", ".join(map(str, places))
    raise EngineError(f"there is no seccomp profile on this host (looked at {tried}): install containers-common")
