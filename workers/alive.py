"""`python -m workers.alive STATE`: whether a worker or an intake of this container serves, as a health check asks it.

Every few seconds, so nothing is loaded for it but the standard library and the leases.
"""

import platform
import sys
from pathlib import Path

from airut.temporal.leases import Leases


def main() -> int:
    """0 where a process of this machine holds a lease, which it takes once it has reached Temporal; else 1."""
    found = Leases(Path(sys.argv[1])).living(platform.node() or "host")
    print(", ".join(sorted(found)) or f"no worker or intake of this machine runs on {sys.argv[1]}")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
