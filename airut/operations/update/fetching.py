"""A version of Airut into an environment of its own, beside the others."""

import itertools
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from airut.errors import UpdateFailed

PACKAGE = "airut-temporal"
LIMIT = 15 * 60.0
"""Seconds for an installation: some hundred megabytes over a slow line."""
TOLD = "from importlib.metadata import version; print(version('airut-temporal'))"


def place_of(folder: Path, now: datetime) -> Path:
    """Of an environment, named by when it was made: its version shows once it is there. It is nobody else's."""
    name = f"{now:%Y%m%d-%H%M%S}"
    names = itertools.chain([name], (f"{name}-{number}" for number in itertools.count(2)))
    return next(folder / each for each in names if not (folder / each).exists())


def commands(
    uv: str | None, python: str, target: Path, version: str | None, wheels: Path | None
) -> tuple[tuple[str, ...], ...]:
    """How it is made: by uv where there is one, else by Python's own means. `wheels` is a folder in place of an index.
    Pure."""
    wanted = PACKAGE if version is None else f"{PACKAGE}=={version}"
    source = ("--no-index", "--find-links", str(wheels)) if wheels is not None else ()
    inside = str(target / "bin" / "python")
    if uv is not None:
        make = (uv, "venv", "--quiet", "--python", python, str(target))
        return make, (uv, "pip", "install", "--quiet", "--python", inside, *source, wanted)
    return (python, "-m", "venv", str(target)), (inside, "-m", "pip", "install", "--quiet", *source, wanted)


def uv_here() -> str | None:
    """Where uv is, if it is."""
    return shutil.which("uv") or shutil.which("uv", path=Path(sys.executable).parent)


def fetch(target: Path, version: str | None, wheels: Path | None) -> str:
    """Make it; returns its version. Nothing is left of one that could not be made.

    Raises:
        UpdateFailed: there is no such version, or no way to it; carries what the installer said.
    """
    uv = uv_here()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        for command in commands(uv, sys.executable, target, version, wheels):
            _run(command)
        return _run((str(target / "bin" / "python"), "-I", "-c", TOLD)).strip()
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UpdateFailed(f"{command[0]} did not do its work: {error}") from error
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-800:]
        raise UpdateFailed(f"the new version could not be installed: {said}")
    return done.stdout
