"""systemd's manager of this user, by its own commands."""

import getpass
import os
import shutil
import subprocess
from pathlib import Path

from airut.errors import ServiceUnavailable

LIMIT = 60.0
"""Seconds for one command: none of ours waits for a service to start."""


class SystemdUser:
    """`folder` is where this user's unit files lie."""

    def __init__(self, folder: Path | None = None) -> None:
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        self.folder = folder or home / "systemd" / "user"

    @property
    def is_there(self) -> bool:
        return shutil.which("systemctl") is not None and self._says("is-system-running") not in ("", "offline")

    def manage(self, *arguments: str) -> None:
        """`systemctl --user …`. Raises: ServiceUnavailable"""
        _run("systemctl", "--user", *arguments)

    def state(self, unit: str) -> str:
        """systemd's word for it: `active`, `activating`, `failed`, `inactive`…"""
        return self._says("is-active", unit)

    def is_active(self, unit: str) -> bool:
        """Also while it is starting."""
        return self.state(unit) in ("active", "activating", "reloading")

    def restarts(self, unit: str) -> int:
        """How often it has ended by itself since somebody started it."""
        said = self._says("show", "--property=NRestarts", "--value", unit)
        return int(said) if said.isdecimal() else 0

    def lingers(self) -> bool:
        """Whether this user's services run while nobody is logged in."""
        done = _output("loginctl", "show-user", getpass.getuser(), "--property=Linger", "--value")
        return done.strip() == "yes"

    def linger(self) -> None:
        """Raises: ServiceUnavailable: only root may; says so."""
        _run("loginctl", "enable-linger", getpass.getuser())

    def _says(self, *arguments: str) -> str:
        return _output("systemctl", "--user", *arguments).strip()


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceUnavailable(f"`{' '.join(command)}` did not run: {error}") from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[:500]
        raise ServiceUnavailable(f"`{' '.join(command)}` failed: {said or f'exit code {done.returncode}'}")


def _output(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
