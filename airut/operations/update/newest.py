"""Which version of Airut is the newest one that `airut update` would get, asked of the index that it would ask."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from airut.errors import UpdateFailed
from airut.operations.update.fetching import PACKAGE, uv_here

LIMIT = 15.0
"""Seconds: an index answers within one, and `airut check` gives each look 20."""
PATIENCE = {"UV_HTTP_TIMEOUT": "5", "UV_HTTP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "5", "PIP_RETRIES": "0"}
"""Whoever looks now and then need not try again."""
BEFORE = re.compile(r"\d(?:a|b|rc)\d|\.dev\d")
"""In the version of what comes before a release (PEP 440)."""


def question(uv: str | None, python: str, wheels: Path | None = None) -> tuple[str, ...]:
    """The command that tells: uv's solver for the package alone, else pip's plan. Nothing is installed; pip may fetch
    this one package. `wheels` is a folder in place of an index. Pure."""
    source = ("--no-index", "--find-links", str(wheels)) if wheels is not None else ()
    if uv is not None:
        alone = ("--quiet", "--no-deps", "--no-header", "--no-annotate", "--python", python)
        return (uv, "pip", "compile", "-", *alone, *source)
    plan = ("--quiet", "--no-deps", "--dry-run", "--ignore-installed", "--report", "-")
    return (python, "-m", "pip", "install", *plan, *source, PACKAGE)


def told(answer: str) -> str:
    """The version in what either says. Pure.

    Raises:
        UpdateFailed: there is none.
    """
    if found := re.search(rf"^{PACKAGE}==(\S+)", answer, re.MULTILINE):
        return found[1]
    try:
        version: str = json.loads(answer)["install"][0]["metadata"]["version"]
    except (ValueError, LookupError, TypeError):
        raise UpdateFailed("it named no version") from None
    return version


def newest(wheels: Path | None = None) -> str:
    """Ask. Takes some seconds.

    Raises:
        UpdateFailed: there was no answer, and why, in the words of whoever was asked.
    """
    command = question(uv_here(), sys.executable, wheels)
    env = {**os.environ, **PATIENCE}
    try:
        done = subprocess.run(
            command, input=PACKAGE, capture_output=True, text=True, timeout=LIMIT, check=False, env=env
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UpdateFailed(f"{Path(command[0]).name} did not answer: {type(error).__name__}") from error
    if done.returncode:
        raise UpdateFailed(reason(done.stderr or done.stdout))
    return told(done.stdout)


def reason(said: str) -> str:
    """The last line of an error, which is its cause. Pure."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1].removeprefix("cause: ")[:200] if lines else "it said nothing"


def is_newer(version: str, than: str) -> bool:
    """Of two releases of ours, or of one and what came before it. Pure."""
    ours, other = _numbers(than), _numbers(version)
    return other > ours or (other == ours and bool(BEFORE.search(than)) and not BEFORE.search(version))


def _numbers(version: str) -> list[int]:
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(part) for part in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:  # 1.2 and 1.2.0 are the same
        numbers.pop()
    return numbers
