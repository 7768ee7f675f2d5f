"""What was done in /workspace: files not committed, and a bundle of the new commits. Prints one JSON object.

Run by the entrypoint after the command has ended, as the agent's user: git is never run on a workspace outside.
"""

# ruff: noqa: PTH105, PTH118
# `pathlib` costs ten milliseconds of every start.
from __future__ import annotations

import json
import os
import subprocess
import sys

GIT = ["git", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-C", "/workspace"]
GIT_WAIT = 120.0


def git(*arguments: str) -> bytes:
    """Raises OSError or subprocess.SubprocessError."""
    return subprocess.run(
        [*GIT, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_WAIT, check=True
    ).stdout


def look(out: str, base: str) -> dict[str, object]:
    found: dict[str, object] = {}
    try:
        found["uncommitted"] = git("status", "--porcelain=v1", "-z", "--no-renames").count(b"\0")
        if base and int(git("rev-list", "--count", base + "..HEAD")):
            bundle = os.path.join(out, "work.bundle")
            git("bundle", "create", "--quiet", bundle + ".new", base + "..HEAD")
            os.replace(bundle + ".new", bundle)
            found["bundle"] = True
    except subprocess.CalledProcessError as error:
        found["work_error"] = error.stderr.decode(errors="replace")[-2000:]
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        found["work_error"] = str(error)
    return found


if __name__ == "__main__":
    print(json.dumps(look(*sys.argv[1:])))
