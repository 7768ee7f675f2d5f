"""Up to where each channel was read: one file, replaced as a whole (spec: slack §3)."""

import json
import os
from pathlib import Path


class Watermarks:
    """By channel, the timestamp up to which everything was accepted. A file that is missing or cannot be read is none:
    reading too far back is harmless, for a thread knows what it has."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)

    def get(self, channel: str) -> float | None:
        return self._known.get(channel)

    def set(self, read: dict[str, float]) -> None:
        """Raises: OSError"""
        self._known |= read
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        beside.write_text(json.dumps(self._known, indent=1, sort_keys=True))
        beside.replace(self._path)


def _read(path: Path) -> dict[str, float]:
    try:
        found = json.loads(path.read_text())
        return {str(channel): float(ts) for channel, ts in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
