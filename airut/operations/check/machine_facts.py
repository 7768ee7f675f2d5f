"""Reads what `machine.py` judges."""

import ctypes
import os
import platform
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path

from airut.config.dotenv import is_open_to_others
from airut.operations.check.machine import Facts

LIMIT = 10.0
"""Seconds for `git --version`: a cold disk takes one."""
TIME_ERROR = 5
"""What ntp_adjtime(3) returns while nothing keeps the clock right."""
PEOPLE = range(1000, 60_000)
"""Users of these numbers are people (UID_MIN and UID_MAX of login.defs)."""


def machine(
    state: Path, ports: Iterable[tuple[str, int]], *, dotenv: Iterable[Path], min_free: float, open_door: bool
) -> Facts:
    """`ports` are those that we would listen on, each with its key in the configuration. `open_door`: whether the
    dashboard lets in whoever reaches it."""
    user = pwd.getpwuid(os.getuid())
    disk = shutil.disk_usage(existing(state))
    return Facts(
        git=_git(),
        kernel=platform.release(),
        user=user.pw_name,
        sub_users=sub_ids(Path("/etc/subuid"), user.pw_name, user.pw_uid),
        sub_groups=sub_ids(Path("/etc/subgid"), user.pw_name, user.pw_uid),
        systemd=Path("/run/systemd/system").is_dir(),
        linger=(Path("/var/lib/systemd/linger") / user.pw_name).exists(),
        synchronized=_synchronized(),
        state=str(state),
        free=disk.free / disk.total,
        free_bytes=disk.free,
        min_free=min_free,
        dotenv=tuple(map(str, filter(is_open_to_others, dotenv))),
        taken=tuple(f"{key} ({port})" for key, port in ports if not _is_free(port)),
        others=tuple(people(pwd.getpwall(), user.pw_uid)) if open_door else (),
    )


def sub_ids(file: Path, name: str, number: int) -> int:
    """How many subordinate ids a user has (subuid(5)): lines of `user:first:count`, by name or number."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    fields = [line.split(":") for line in lines]
    return sum(
        int(each[2]) for each in fields if len(each) == 3 and each[0] in (name, str(number)) and each[2].isdigit()
    )


def people(users: Iterable[pwd.struct_passwd], own: int) -> Iterable[str]:
    """Those besides us who can log in."""
    for user in users:
        if user.pw_uid in PEOPLE and user.pw_uid != own and Path(user.pw_shell).name not in ("nologin", "false", ""):
            yield user.pw_name


def existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _git() -> str | None:
    try:
        done = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()


def _synchronized() -> bool | None:
    class Timex(ctypes.Structure):
        _fields_ = [("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 512)]  # only asked: mode 0 changes nothing

    try:
        told: int = ctypes.CDLL(None).adjtimex(ctypes.byref(Timex()))
    except AttributeError:
        return None
    return None if told < 0 else told != TIME_ERROR


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an old connection in TIME_WAIT is no listener
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
